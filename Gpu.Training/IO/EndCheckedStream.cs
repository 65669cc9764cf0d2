namespace Gpu.Training.IO;

/// <summary>
/// A read-only view of a file that throws when it is read past its end. Parquet.Net takes the byte that a stream returns at its end for 255, which continues
/// a number: a damaged length made it read for ever.
/// </summary>
internal sealed class EndCheckedStream(Stream file) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => file.Length;

    public override long Position
    {
        get => file.Position;
        set => file.Position = value;
    }

    public override int Read(Span<byte> buffer) => Checked(file.Read(buffer), buffer.Length);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(Read(buffer.Span));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int ReadByte() => file.ReadByte() is >= 0 and var value ? value : throw AtEnd();

    public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

    public override void Flush() => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) file.Dispose();
        base.Dispose(disposing);
    }

    private int Checked(int read, int wanted) => read > 0 || wanted == 0 ? read : throw AtEnd();

    private EndOfStreamException AtEnd() => new($"it ends after {file.Length} bytes, but more are expected: it is truncated or damaged.");
}
