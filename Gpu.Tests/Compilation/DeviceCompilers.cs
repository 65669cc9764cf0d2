using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Gpu.Tests.Compilation;

/// <summary>
/// The compilers of GPU vendors, which need no GPU: NVIDIA's <c>ptxas</c>, Intel's <c>ocloc</c>, and <c>clang-15</c> with AMD's device library. Each is found
/// on the PATH or in the folder that the environment variable <c>GPUTRAINER_DEVICE_COMPILERS</c> names; <c>tools/device-compilers/get.sh</c> brings them.
/// </summary>
internal static partial class DeviceCompilers
{
    private const string AmdLibrary = "/usr/lib/x86_64-linux-gnu/amdgcn/bitcode";

    /// <summary>The path of a program; null if it is not installed.</summary>
    public static string? Find(string program)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).ToList();
        if (Environment.GetEnvironmentVariable("GPUTRAINER_DEVICE_COMPILERS") is { Length: > 0 } folder) folders.Insert(0, folder);
        var found = folders.Where(one => one.Length > 0).Select(one => Path.Combine(one, program)).FirstOrDefault(File.Exists);
        return program == "clang-15" && !Directory.Exists(AmdLibrary) ? null : found;
    }

    /// <summary>Compiles a text for a target.</summary>
    /// <param name="program"><c>ptxas</c>, <c>ocloc</c> or <c>clang-15</c></param>
    /// <param name="target">the architecture: <c>sm_90</c>, <c>dg2</c>, <c>gfx1030</c></param>
    /// <param name="text">PTX or OpenCL C</param>
    public static CompilerVerdict Compile(string program, string target, string text)
    {
        var folder = Directory.CreateTempSubdirectory("gputrainer-code-").FullName;
        try
        {
            var source = Path.Combine(folder, program == "ptxas" ? "k.ptx" : "k.cl");
            var output = Path.Combine(folder, "k.out");
            File.WriteAllText(source, text);
            string[] arguments = program switch
            {
                "ptxas" => [$"-arch={target}", "-v", source, "-o", output],
                "ocloc" => ["compile", "-file", source, "-device", target, "-options", "-cl-std=CL2.0", "-out_dir", folder],
                _ =>
                [
                    "-x", "cl", "-cl-std=CL2.0", "-target", "amdgcn-amd-amdhsa", $"-mcpu={target}", "-O3", "-S", source, "-o", output,
                    $"--rocm-device-lib-path={AmdLibrary}",
                ],
            };
            var (code, log) = Run(Find(program)!, arguments);
            if (code == 0 && program == "clang-15") log += File.ReadAllText(output);
            return new CompilerVerdict(
                code == 0 ? null : log.Trim(), Largest(Registers(), log), Largest(Spills(), log), Largest(Stack(), log), Largest(SharedMemory(), log));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Largest(Regex pattern, string log) => pattern.Matches(log)
        .SelectMany(match => match.Groups.Values.Skip(1)).Select(group => int.TryParse(group.Value, CultureInfo.InvariantCulture, out var n) ? n : 0)
        .DefaultIfEmpty(0).Max();

    private static (int Code, string Log) Run(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }

    [GeneratedRegex(@"Used (\d+) registers|\.vgpr_count: +(\d+)")]
    private static partial Regex Registers();

    // Intel warns: "kernel k compiled SIMD16 allocated 128 regs and spilled around 12".
    [GeneratedRegex(@"(\d+) bytes spill stores|\.vgpr_spill_count: +(\d+)|spilled around (\d+)")]
    private static partial Regex Spills();

    [GeneratedRegex(@"(\d+) bytes stack frame|\.private_segment_fixed_size: +(\d+)")]
    private static partial Regex Stack();

    [GeneratedRegex(@"(\d+) bytes smem|\.group_segment_fixed_size: +(\d+)")]
    private static partial Regex SharedMemory();
}

/// <summary>What a device compiler says about a kernel.</summary>
/// <param name="Refusal">its log if it refused the kernel; otherwise null</param>
/// <param name="Registers">registers of a thread; 0 if not told</param>
/// <param name="Spills">bytes, or registers, that spill to memory</param>
/// <param name="Stack">bytes of local memory of a thread</param>
/// <param name="SharedMemory">bytes of shared memory of a group</param>
internal sealed record CompilerVerdict(string? Refusal, int Registers, int Spills, int Stack, int SharedMemory);
