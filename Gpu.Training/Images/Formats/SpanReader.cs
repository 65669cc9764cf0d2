using System.Buffers.Binary;

namespace Gpu.Training.Images.Formats;

/// <summary>Reads a file's bytes from front to back. Reading past the end is an error that says that the file is truncated.</summary>
internal ref struct SpanReader(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;

    /// <summary>Where the next byte is read.</summary>
    public int Position { get; set; }

    /// <summary>Bytes from the position to the end.</summary>
    public readonly int Remaining => _data.Length - Position;

    /// <summary>All bytes from the position on, which stays.</summary>
    public readonly ReadOnlySpan<byte> Rest => _data[Position..];

    /// <summary>The next bytes.</summary>
    /// <param name="count">How many.</param>
    /// <param name="what">What they are, for the message.</param>
    /// <exception cref="InvalidDataException">Fewer are left.</exception>
    public ReadOnlySpan<byte> Bytes(long count, string what)
    {
        if (count > Remaining)
            throw Truncated($"{what} of {count} bytes begins at byte {Position}, but the file has only {_data.Length} bytes");
        var bytes = _data.Slice(Position, (int)count);
        Position += (int)count;
        return bytes;
    }

    /// <summary>The next byte.</summary>
    public byte Byte(string what) => Bytes(1, what)[0];

    /// <summary>The next two bytes as a number, the high byte first.</summary>
    public int UInt16BigEndian(string what) => BinaryPrimitives.ReadUInt16BigEndian(Bytes(2, what));

    /// <summary>The next two bytes as a number, the low byte first.</summary>
    public int UInt16LittleEndian(string what) => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2, what));

    /// <summary>The error of a file that ends too early.</summary>
    public static InvalidDataException Truncated(string detail) => new($"The file is truncated: {detail}.");
}
