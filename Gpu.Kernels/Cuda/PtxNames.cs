using System.Text.RegularExpressions;

namespace Gpu.Kernels.Cuda;

/// <summary>
/// ILGPU ends the names of labels and parameters in numbers that count through the process, so that a kernel's text is another one each time, and the driver's
/// cache of compiled PTX never knows it. Here they are counted within the text.
/// </summary>
internal static partial class PtxNames
{
    /// <summary>The same text with the names counted from 0, in the order in which they appear.</summary>
    public static string Renumber(string ptx)
    {
        var numbers = new Dictionary<string, string>();
        return Numbered().Replace(ptx, match => numbers.TryGetValue(match.Value, out var known)
            ? known
            : numbers[match.Value] = $"{match.Groups["stem"].Value}_{numbers.Count}");
    }

    // Labels (L_123, L_123_4) and parameters (_kernel_123). Nothing else: inline assembly may name registers by number.
    [GeneratedRegex(@"(?<![\w%.$])(?:(?<stem>L)_\d+(?:_\d+)?|(?<stem>_[A-Za-z]\w*?)_\d+)(?![\w$])")]
    private static partial Regex Numbered();
}
