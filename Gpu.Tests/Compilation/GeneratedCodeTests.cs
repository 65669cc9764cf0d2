using System.CodeDom.Compiler;
using System.Text;
using Gpu.Training.IO;
using Mono.TextTemplating;

namespace Gpu.Tests.Compilation;

/// <summary>
/// Every *.g.cs file of Gpu.Kernels equals the output of its T4 template *.tt, byte for byte. If the environment variable <c>GPUTRAINER_UPDATE_GENERATED</c>
/// is 1, the test writes the files instead.
/// </summary>
public class GeneratedCodeTests
{
    private const string Project = "Gpu.Kernels";
    private const string HowToUpdate = "To write the generated files again, set the environment variable GPUTRAINER_UPDATE_GENERATED to 1 and run: "
        + "dotnet test -c Release --filter GeneratedCodeTests";

    public static TheoryData<string> Templates => [.. SourceTree.Files(Project, ".tt")];

    [SourceTheory]
    [MemberData(nameof(Templates))]
    public async Task GeneratedFileEqualsTheOutputOfItsTemplate(string template)
    {
        var path = Path.Combine(SourceTree.Root!, template);
        var expected = Encoding.UTF8.GetBytes(await Run(path));
        var generated = Path.ChangeExtension(path, ".g.cs");
        if (Environment.GetEnvironmentVariable("GPUTRAINER_UPDATE_GENERATED") == "1")
        {
            AtomicFile.Write(generated, stream => stream.Write(expected));
            return;
        }

        Assert.True(File.Exists(generated), $"{template} has no file {Path.GetFileName(generated)} beside it. {HowToUpdate}");
        var actual = await File.ReadAllBytesAsync(generated);
        Assert.True(expected.AsSpan().SequenceEqual(actual), $"{FirstDifference(expected, actual, Path.GetFileName(generated))} {HowToUpdate}");
    }

    [SourceFact]
    public void EveryGeneratedFileHasATemplate()
    {
        var templates = SourceTree.Files(Project, ".tt").Select(path => Path.ChangeExtension(path, ".g.cs")).ToArray();
        Assert.NotEmpty(templates);
        Assert.Empty(SourceTree.Files(Project, ".g.cs").Except(templates));
    }

    // Mono.TextTemplating compiles the templates with the compiler of the .NET SDK.
    private static async Task<string> Run(string path)
    {
        var generator = new TemplateGenerator();
        var text = await File.ReadAllTextAsync(path);
        var template = generator.ParseTemplate(path, text);
        var settings = TemplatingEngine.GetSettings(generator, template);
        var (_, content) = await generator.ProcessTemplateAsync(template, path, text, Path.ChangeExtension(path, ".g.cs"), settings);
        Assert.True(generator.Errors.Count == 0, string.Join('\n', generator.Errors.Cast<CompilerError>()));
        return content.ReplaceLineEndings("\n");
    }

    private static string FirstDifference(byte[] expected, byte[] actual, string file)
    {
        var lines = Encoding.UTF8.GetString(expected).Split('\n');
        var others = Encoding.UTF8.GetString(actual).Split('\n');
        var number = lines.Zip(others).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"{file}, line {number + 1}:\nthe template gives '{lines.ElementAtOrDefault(number)}'\nthe file holds '{others.ElementAtOrDefault(number)}'.\n";
    }
}
