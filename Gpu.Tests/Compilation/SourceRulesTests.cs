namespace Gpu.Tests.Compilation;

/// <summary>Rules for the sources that the compiler does not hold.</summary>
public class SourceRulesTests
{
    private const int LongestLine = 160;

    public static TheoryData<string> Projects => ["Gpu.Kernels", "Gpu.Training", "Gpu.Cli", "Gpu.Tests", "samples"];

    [SourceTheory]
    [MemberData(nameof(Projects))]
    public void LinesAreNotTooLong(string project)
    {
        var offences = SourceTree.Files(project, ".cs").Concat(SourceTree.Files(project, ".tt"))
            // Text for NVIDIA's assembler, one long string for each way to stage a tile. Halves in memory will replace it.
            .Where(file => Path.GetFileName(file) != "SlotText.cs")
            .SelectMany(file => File.ReadLines(Path.Combine(SourceTree.Root!, file))
                .Select((line, index) => (line.Length, Where: $"{file}:{index + 1}"))
                .Where(line => line.Length > LongestLine)
                .Select(line => $"{line.Where} has {line.Length} characters"))
            .ToArray();
        Assert.True(offences.Length == 0, $"{offences.Length} lines are longer than {LongestLine} characters:\n{string.Join('\n', offences)}");
    }

    [SourceTheory]
    [MemberData(nameof(Projects))]
    public void PartialTypesAreGeneratedInPart(string project)
    {
        // A type lies in one file; the other part of a partial one is generated, by a template here or by the compiler.
        var parts = SourceTree.Files(project, ".cs").Where(file => !file.EndsWith(".g.cs", StringComparison.Ordinal))
            .SelectMany(file => File.ReadLines(Path.Combine(SourceTree.Root!, file))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(words => Array.IndexOf(words, "partial") is >= 0 and var at && at + 2 < words.Length && words[at + 1] is "class" or "struct" or "interface")
                .Select(words => words[Array.IndexOf(words, "partial") + 2].Split('<', ':', '(')[0]))
            .GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key);
        Assert.Empty(parts);
    }
}
