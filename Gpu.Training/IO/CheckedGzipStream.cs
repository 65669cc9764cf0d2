using System.IO.Compression;

namespace Gpu.Training.IO;

/// <summary>
/// The content of a gzip file (RFC 1952), of one or several members, also with zero bytes behind the last. <see cref="GZipStream"/> reads such files, too,
/// and checks each member's checksum and length, but takes a file that is cut off for one that is complete. Here, reading it throws an
/// <see cref="InvalidDataException"/>, at the latest at the end.
/// </summary>
/// <param name="file">The compressed file; it is closed with this stream.</param>
internal sealed class CheckedGzipStream(Stream file) : GZipStream(new TailedStream(file), CompressionMode.Decompress)
{
    /// <inheritdoc/>
    public override void CopyTo(Stream destination, int bufferSize)
    {
        // The base class copies by another way, which reads the file to its end and beyond.
        var buffer = new byte[bufferSize];
        while (Read(buffer) is var read and > 0)
            destination.Write(buffer, 0, read);
    }

    /// <summary>
    /// A stream with bytes behind its end that are no gzip header. Behind a complete member they are looked at and left. Where a member is cut off, they
    /// take the place of what is missing: they make an invalid block, or a wrong checksum or length, or more bytes are asked for than there are.
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
            if (_left == 0)
                throw new InvalidDataException("The file is cut off.");
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
