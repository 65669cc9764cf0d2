using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using Gpu.Tests.Compilation;

namespace Gpu.Tests.Packaging;

/// <summary>The NuGet packages as users get them: their content, the installed tool, and a project that references the kernels.</summary>
public class PackageTests(PackedFeed feed) : IClassFixture<PackedFeed>
{
    [SourceTheory]
    [InlineData("GpuTrainer.Kernels", "lib/net10.0/Gpu.Kernels.dll", "ILGPU,ILGPU.Algorithms")]
    [InlineData("GpuTrainer.Training", "lib/net10.0/Gpu.Training.dll", "GpuTrainer.Kernels,SixLabors.ImageSharp")]
    [InlineData("gputrainer", "tools/net10.0/any/gputrainer.dll", "")]
    public void PackagesAreComplete(string id, string assembly, string dependencies)
    {
        using var package = ZipFile.OpenRead(feed.Find(id, ".nupkg"));
        var names = package.Entries.Select(entry => entry.FullName).ToArray();
        Assert.Contains(assembly, names);
        Assert.Contains("README.md", names);
        using var stream = package.GetEntry($"{id}.nuspec")!.Open();
        var metadata = XDocument.Load(stream).Root!.Elements().Single();
        string Value(string name) => metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value ?? "";
        Assert.Equal(("MIT", "README.md"), (Value("license"), Value("readme")));
        Assert.NotEqual("", Value("description"));
        var needed = metadata.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value);
        // Other dependencies, such as System.IO.Hashing, may change with the code.
        Assert.Superset(dependencies.Split(',', StringSplitOptions.RemoveEmptyEntries).ToHashSet(), needed.ToHashSet());
        Assert.DoesNotContain("Microsoft.CodeAnalysis.PublicApiAnalyzers", needed);

        using var symbols = ZipFile.OpenRead(feed.Find(id, ".snupkg"));
        Assert.Contains(Path.ChangeExtension(assembly, ".pdb").Replace('\\', '/'), symbols.Entries.Select(entry => entry.FullName));
        if (id != "gputrainer")
        {
            Assert.Contains(Path.ChangeExtension(assembly, ".xml").Replace('\\', '/'), names);
            return;
        }

        // A tool package contains the libraries that it uses.
        Assert.Contains("LICENSE", names);
        Assert.Contains("THIRD-PARTY-NOTICES.txt", names);
        Assert.Contains("tools/net10.0/any/ILGPU.dll", names);
    }

    [SourceFact]
    public void TheToolIsInstalledAndTrains()
    {
        feed.Dotnet(feed.Work, "tool", "install", "gputrainer", "--tool-path", "tools", "--version", Version("gputrainer"));
        var program = Path.Combine(feed.Work, "tools", OperatingSystem.IsWindows() ? "gputrainer.exe" : "gputrainer");
        var output = feed.Run(
            feed.Work, program, "train", "--limit-train", "512", "--limit-test", "128", "--epochs", "2", "--device", "cpu", "--out", "run", "--json");
        using var result = JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]);
        var root = result.RootElement;
        Assert.Equal(
            ("cnn2", "digits", 2), (root.GetProperty("model").GetString(), root.GetProperty("dataset").GetString(), root.GetProperty("epochs").GetInt32()));
        Assert.InRange(root.GetProperty("test_accuracy").GetDouble(), 0.3, 1);
        Assert.True(File.Exists(Path.Combine(feed.Work, "run", "best.safetensors")));
    }

    [SourceFact]
    public void AnotherProjectCanUseTheKernels()
    {
        var folder = Directory.CreateDirectory(Path.Combine(feed.Work, "project")).FullName;
        File.WriteAllText(Path.Combine(folder, "project.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="GpuTrainer.Kernels" Version="{Version("GpuTrainer.Kernels")}" />
              </ItemGroup>
            </Project>
            """);
        // The simulator runs ILGPU's compiler, whose launchers need access to the internal kernels of the package.
        File.WriteAllText(Path.Combine(folder, "Program.cs"), """
            using Gpu.Kernels;
            using Gpu.Kernels.Devices;

            foreach (var id in new[] { "cpu", "simulator" })
            {
                using var device = DeviceCatalog.Open(id);
                using var input = device.Allocate(4);
                using var output = device.Allocate(4);
                device.Upload<float>([-1, 0, 2, 3], input.View);
                ActivationOps.Forward(device, Activation.Relu, input.View, output.View);
                var values = new float[4];
                device.Download<float>(output.View, values);
                Console.WriteLine($"{id}: {string.Join(' ', values)}");
            }
            """);
        var lines = feed.Dotnet(folder, "run", "-c", "Release").TrimEnd().Split('\n', StringSplitOptions.TrimEntries);
        Assert.Equal(["cpu: 0 0 2 3", "simulator: 0 0 2 3"], lines);
    }

    private string Version(string id) => Path.GetFileNameWithoutExtension(feed.Find(id, ".nupkg"))[(id.Length + 1)..];
}
