using System.Diagnostics;
using System.Security;
using Gpu.Tests.Cli;
using Gpu.Tests.Compilation;
using Gpu.Tests.IO;

namespace Gpu.Tests.Packaging;

/// <summary>
/// The packages of the solution in a temporary folder, packed once from the build that runs the tests, with a NuGet configuration that finds them there.
/// </summary>
public sealed class PackedFeed : IDisposable
{
    private readonly TempFolder _folder = new();

    public PackedFeed()
    {
        if (SourceTree.Root is not { } root) return;
        // The tests run from bin/<configuration>/<framework>.
        var configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;
        Dotnet(root, "pack", "-c", configuration, "--no-build", "-o", Packages);
        Directory.CreateDirectory(Work);
        // All other packages come from those restored for the build, so no network is needed.
        File.WriteAllText(Path.Combine(Work, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="packed" value="{SecurityElement.Escape(Packages)}" />
                <add key="restored" value="{SecurityElement.Escape(RestoredPackages())}" />
              </packageSources>
            </configuration>
            """);
    }

    /// <summary>The folder with the packages.</summary>
    public string Packages => _folder.File("packages");

    /// <summary>An empty working folder. Commands that run there restore into a package cache of their own.</summary>
    public string Work => _folder.File("work");

    /// <summary>The file of a package, named by its id, a dot and its version.</summary>
    public string Find(string id, string extension) => Directory.GetFiles(Packages, "*" + extension)
        .Single(path => Path.GetFileName(path) is var name && name.StartsWith(id + ".", StringComparison.Ordinal) && char.IsDigit(name[id.Length + 1]));

    /// <summary>Runs the dotnet command and returns its standard output. If it fails, the test fails with its output.</summary>
    public string Dotnet(string folder, params string[] arguments) => Run(folder, ProcessTests.DotnetHost, arguments);

    /// <summary>Runs a program and returns its standard output. If it fails, the test fails with its output.</summary>
    public string Run(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        start.Environment["NUGET_PACKAGES"] = _folder.File("cache");
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        // An MSBuild node that outlives the build would keep files of the folder open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        // These variables belong to the build that runs the tests.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(240_000), $"{program} {string.Join(' ', arguments)} does not end");
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}\n{output}\n{error.Result}");
        return output;
    }

    public void Dispose() => _folder.Dispose();

    private static string RestoredPackages() => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
}
