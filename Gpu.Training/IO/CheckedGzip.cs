using System.IO.Compression;

namespace Gpu.Training.IO;

/// <summary>
/// Reads gzip (RFC 1952), of one or several members, also with zero bytes behind the last. <see cref="GZipStream"/> does so, too, and checks each member's
/// checksum and length, but takes a file that is cut off for one that is complete.
/// </summary>
internal static class CheckedGzip
{
    /// <summary>A stream of the content. Where the file is cut off or damaged, reading throws an <see cref="InvalidDataException"/>, at the latest at the end.</summary>
    /// <param name="file">The compressed file; it is closed with the stream that is returned.</param>
    public static Stream Decompress(Stream file) => new GZipStream(new TailedStream(file), CompressionMode.Decompress);

    /// <summary>
    /// A stream with bytes behind its end that are no gzip header and no Deflate block. Behind a complete member they are ignored. Where a member is
    /// cut off, they take the place of what is missing, and make an invalid block, or a wrong checksum or length.
    /// </summary>
    private sealed class TailedStream(Stream stream) : Stream
    {
        private int _left = 32;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            var read = stream.Read(buffer);
            if (read > 0 || buffer.IsEmpty)
                return read;
            read = Math.Min(_left, buffer.Length);
            buffer[..read].Fill(0xFF);
            _left -= read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                stream.Dispose();
            base.Dispose(disposing);
        }
    }
}
