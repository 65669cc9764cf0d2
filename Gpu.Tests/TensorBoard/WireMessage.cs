using System.Buffers.Binary;
using System.Text;

namespace Gpu.Tests.TensorBoard;

/// <summary>Reads TFRecords and protobuf messages by the published formats, without the classes that wrote them.</summary>
internal sealed class WireMessage
{
    private readonly List<(int Field, ulong Number, byte[] Bytes)> _fields = [];

    public WireMessage(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            var tag = Varint(ref data);
            var field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0: _fields.Add((field, Varint(ref data), [])); break;
                case 1:
                    _fields.Add((field, BinaryPrimitives.ReadUInt64LittleEndian(data), []));
                    data = data[8..];
                    break;
                case 2:
                    var length = (int)Varint(ref data);
                    _fields.Add((field, 0, data[..length].ToArray()));
                    data = data[length..];
                    break;
                case 5:
                    _fields.Add((field, BinaryPrimitives.ReadUInt32LittleEndian(data), []));
                    data = data[4..];
                    break;
                default: throw new InvalidDataException($"wire type {tag & 7}");
            }
        }
    }

    public static List<WireMessage> ReadRecords(byte[] file)
    {
        List<WireMessage> records = [];
        var rest = file.AsSpan();
        while (rest.Length > 0)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(rest);
            Assert.Equal(Masked(rest[..8]), BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]));
            var data = rest.Slice(12, length);
            Assert.Equal(Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(rest[(12 + length)..]));
            records.Add(new WireMessage(data));
            rest = rest[(16 + length)..];
        }

        return records;
    }

    public bool Has(int field) => _fields.Any(one => one.Field == field);

    public long Integer(int field) => (long)_fields.SingleOrDefault(one => one.Field == field).Number;

    public double Double(int field) => BitConverter.UInt64BitsToDouble(_fields.SingleOrDefault(one => one.Field == field).Number);

    public float Single(int field) => BitConverter.UInt32BitsToSingle((uint)_fields.Single(one => one.Field == field).Number);

    public byte[] Bytes(int field) => _fields.SingleOrDefault(one => one.Field == field).Bytes ?? [];

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

    public WireMessage Message(int field) => new(Bytes(field));

    public WireMessage[] Messages(int field) => [.. _fields.Where(one => one.Field == field).Select(one => new WireMessage(one.Bytes))];

    public double[] Doubles(int field) =>
        [.. Bytes(field).Chunk(8).Select(bytes => BinaryPrimitives.ReadDoubleLittleEndian(bytes))];

    // Bit by bit, with the reversed polynomial of Castagnoli.
    private static uint Masked(ReadOnlySpan<byte> data)
    {
        var sum = uint.MaxValue;
        foreach (var one in data)
        {
            sum ^= one;
            for (var i = 0; i < 8; i++) sum = (sum >> 1) ^ ((sum & 1) == 1 ? 0x82F63B78u : 0);
        }

        sum = ~sum;
        return unchecked(((sum >> 15) | (sum << 17)) + 0xa282ead8u);
    }

    private static ulong Varint(ref ReadOnlySpan<byte> data)
    {
        var value = 0ul;
        for (var shift = 0; ; shift += 7)
        {
            var one = data[0];
            data = data[1..];
            value |= (ulong)(one & 0x7f) << shift;
            if (one < 0x80) return value;
        }
    }
}
