using System.Text.RegularExpressions;

namespace Gpu.Kernels.Cuda;

/// <summary>
/// Renumbers labels and parameters in PTX. ILGPU numbers them with counters of the process, so the PTX of a kernel differs each time and the driver's cache of
/// compiled PTX never finds it.
/// </summary>
internal static partial class PtxNames
{
    /// <summary>The same PTX with labels and parameters numbered from 0, in the order of their first use.</summary>
    public static string Renumber(string ptx)
    {
        var numbers = new Dictionary<string, string>();
        return Numbered().Replace(ptx, match => numbers.TryGetValue(match.Value, out var known)
            ? known
            : numbers[match.Value] = $"{match.Groups["stem"].Value}_{numbers.Count}");
    }

    // Labels (L_123, L_123_4) and parameters (_kernel_123). Nothing else, because inline assembly may use numbered registers.
    [GeneratedRegex(@"(?<![\w%.$])(?:(?<stem>L)_\d+(?:_\d+)?|(?<stem>_[A-Za-z]\w*?)_\d+)(?![\w$])")]
    private static partial Regex Numbered();
}
