using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Gpu.Training.Images.Formats;

/// <summary>Reads the entropy-coded bits of a JPEG scan. Reading behind its end is an error.</summary>
/// <param name="data">The data behind the scan's header; they end at a marker that is no restart marker.</param>
internal ref struct JpegBits(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private int _position;

    // The bits that come next are the lowest _count ones, the first one highest.
    private ulong _bits;
    private int _count;

    /// <summary>Reads a code.</summary>
    public int Symbol(JpegHuffmanTable table)
    {
        if (_count < 32)
            Fill();

        // Bits behind the end are zeros here; taking one of them is the error.
        var bits = (int)(_count >= 16 ? _bits >> (_count - 16) : _bits << (16 - _count)) & 0xFFFF;
        var found = table.Find(bits);
        Take(found >> 8);
        return found & 255;
    }

    /// <summary>Passes over bits.</summary>
    public void Skip(int length)
    {
        if (_count < length)
            Fill();
        Take(length);
    }

    /// <summary>Reads up to 16 bits as a number.</summary>
    public int Read(int length)
    {
        Skip(length);
        return (int)(_bits >> _count) & ((1 << length) - 1);
    }

    /// <summary>Passes over a block of a sequential scan.</summary>
    public void SkipBlock(JpegHuffmanTable dc, JpegHuffmanTable ac)
    {
        Skip(Symbol(dc));
        var steps = ac.Steps;

        // In local variables, which are faster than fields.
        var (bits, count) = (_bits, _count);
        for (var i = 1; i < 64;)
        {
            if (count < 32)
            {
                _count = count;
                Fill();
                (bits, count) = (_bits, _count);
            }

            int step = count >= JpegHuffmanTable.FastBits
                ? steps[(int)(bits >> (count - JpegHuffmanTable.FastBits)) & ((1 << JpegHuffmanTable.FastBits) - 1)] : 0;
            if (step != 0)
            {
                count -= step & 255;
                if (count < 0)
                    throw End();
                i += step >> 8;
                continue;
            }

            // A long code, or one of the last.
            _count = count;
            var symbol = Symbol(ac);
            var size = symbol & 15;
            Skip(size);
            (bits, count) = (_bits, _count);
            i += size != 0 ? (symbol >> 4) + 1 : symbol == 0xF0 ? 16 : 64;
        }

        _count = count;
    }

    /// <summary>Goes behind the next restart marker.</summary>
    public void Restart()
    {
        (_bits, _count) = (0, 0);
        while (true)
        {
            var found = _data[_position..].IndexOf((byte)0xFF);
            if (found < 0 || _position + found + 1 >= _data.Length)
                throw End();
            _position += found + 1;
            if (_data[_position] is >= 0xD0 and <= 0xD7)
            {
                _position++;
                return;
            }
        }
    }

    private void Take(int length)
    {
        if (_count < length)
            throw End();
        _count -= length;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Fill()
    {
        if (_data.Length - _position >= sizeof(ulong) && _count <= 56)
        {
            // As many of the next bytes as fit, if none of them is 0xFF, which is followed by a zero or a marker.
            var next = BinaryPrimitives.ReadUInt64BigEndian(_data[_position..]);
            if ((next & ~(next + 0x0101_0101_0101_0101) & 0x8080_8080_8080_8080) == 0)
            {
                var bytes = (64 - _count) / 8;
                _bits = bytes == 8 ? next : (_bits << (8 * bytes)) | (next >> (64 - (8 * bytes)));
                _count += 8 * bytes;
                _position += bytes;
                return;
            }
        }

        while (_count <= 56 && _position < _data.Length)
        {
            var value = _data[_position];
            if (value == 0xFF)
            {
                var next = _position + 1 < _data.Length ? _data[_position + 1] : JpegSegments.EndOfImage;
                if (next == 0xFF)
                {
                    _position++;
                    continue;
                }

                if (next != 0)
                    return;
                _position++;
            }

            _position++;
            _bits = (_bits << 8) | value;
            _count += 8;
        }
    }

    private static InvalidDataException End() => SpanReader.Truncated("a scan ends before its last block");
}
