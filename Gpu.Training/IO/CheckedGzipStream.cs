using System.IO.Compression;

namespace Gpu.Training.IO;

/// <summary>
/// Decompresses a gzip file (RFC 1952) of one or more members, optionally followed by zero padding. <see cref="GZipStream"/> does that, too, and verifies
/// checksum and length of each member, but accepts a truncated file as complete. This stream throws an <see cref="InvalidDataException"/>, at the latest at
/// the end of the file.
/// </summary>
/// <param name="file">The compressed file, which is disposed with this stream.</param>
internal sealed class CheckedGzipStream(Stream file) : GZipStream(new TailedStream(file), CompressionMode.Decompress)
{
    /// <inheritdoc/>
    public override void CopyTo(Stream destination, int bufferSize)
    {
        // The base class copies without calling Read, and would read beyond the end of the file.
        var buffer = new byte[bufferSize];
        while (Read(buffer) is var read and > 0)
            destination.Write(buffer, 0, read);
    }

    /// <summary>
    /// Appends bytes to a stream that are not a gzip header. After a complete member the decoder ignores them. In a truncated member they replace what is
    /// missing and cause an invalid block or a wrong checksum or length, or the decoder reads beyond them.
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
                throw new InvalidDataException("The file is truncated.");
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
