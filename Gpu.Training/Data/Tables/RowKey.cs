using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Gpu.Training.Data.Tables;

/// <summary>
/// Hashes of the content of a row. The order of the columns does not matter, nor how a number is written. Rows with the same inputs are in the same part of
/// the data.
/// </summary>
/// <param name="Inputs">XXH3 of the cells of the inputs.</param>
/// <param name="Target">The low half of XXH3 of the target's cell; 0 without a target.</param>
internal readonly record struct RowKey(ulong Inputs, uint Target)
{
    /// <summary>A text that identifies the inputs, to draw a part by (<see cref="NameHash"/>).</summary>
    public string Name => Inputs.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>The keys of all rows.</summary>
    /// <param name="inputs">Names and cells of the inputs.</param>
    /// <param name="target">The cells of the target; null for none.</param>
    /// <param name="rows">Number of rows.</param>
    public static RowKey[] Of(IEnumerable<(string Name, RawColumn Cells)> inputs, RawColumn? target, int rows)
    {
        var columns = inputs.OrderBy(input => input.Name, StringComparer.Ordinal).Select(input => Hashes(input.Cells)).ToArray();
        var targets = target is null ? null : Hashes(target);
        var row = new byte[columns.Length * sizeof(ulong)];
        var keys = new RowKey[rows];
        for (var i = 0; i < rows; i++)
        {
            for (var column = 0; column < columns.Length; column++)
                BinaryPrimitives.WriteUInt64LittleEndian(row.AsSpan(column * sizeof(ulong)), columns[column](i));
            keys[i] = new RowKey(XxHash3.HashToUInt64(row), targets is null ? 0 : unchecked((uint)targets(i)));
        }

        return keys;
    }

    private static Func<int, ulong> Hashes(RawColumn column)
    {
        if (column.Codes.Count == 0)
        {
            // 0 and -0 are the same number.
            return row => BitConverter.DoubleToUInt64Bits(column.Numbers[row] + 0.0);
        }

        var texts = column.Texts.Select(text => XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(text))).ToArray();
        return row => texts[column.Codes[row]];
    }
}
