using System.Collections.Concurrent;
using System.Diagnostics;
using Gpu.Cli.Checks;
using Gpu.Kernels.Backends;

namespace Gpu.Tests.Compilation;

/// <summary>One closed kernel type with its compiled text, or the reason why compilation failed.</summary>
internal sealed record CompiledKernel(Type Kernel, bool IsVector, KernelText? Text, string? Failure)
{
    public string Name => KernelInstances.Name(Kernel);
}

/// <summary>
/// Compiles the kernels of Gpu.Kernels once for all tests, on one thread per processor. For the vector backend it compiles enough instances that each type
/// argument occurs, for the scalar backend two per kernel without tiles. <c>GPUTRAINER_FULL_COMPILATION=1</c> compiles every instance for every target,
/// which takes minutes; CI does so on tags. <c>GPUTRAINER_KERNEL_TEXT</c> names a folder to which the PTX and OpenCL C of every instance are written, with a
/// table of instruction counts; it implies full compilation.
/// </summary>
internal static class CompiledKernels
{
    private static readonly Lazy<(CompiledKernel[] Kernels, TimeSpan Time)> Compiled = new(CompileAll);

    public static CompiledKernel[] All => Compiled.Value.Kernels;

    public static TimeSpan Time => Compiled.Value.Time;

    /// <summary>True if every instance is compiled for every target.</summary>
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("GPUTRAINER_FULL_COMPILATION") == "1" || TextFolder is not null;

    private static string? TextFolder => Environment.GetEnvironmentVariable("GPUTRAINER_KERNEL_TEXT") is { Length: > 0 } folder ? folder : null;

    private static (CompiledKernel[] Kernels, TimeSpan Time) CompileAll()
    {
        var watch = Stopwatch.StartNew();
        var instances =
            from kernel in KernelInstances.Kernels
            from backend in KernelInstances.GpuBackends
            from closed in Instances(kernel, backend.Backend, backend.Vector)
            select (Kernel: closed, IsVector: backend.Backend == typeof(GpuVector4Backend));
        // A kernel without a backend parameter is the same type for both backends.
        var isVector = instances.DistinctBy(instance => instance.Kernel).ToDictionary(instance => instance.Kernel, instance => instance.IsVector);
        var compiled = new ConcurrentBag<CompiledKernel>();
        KernelCompiler.CompileAll(isVector.Keys, withSm90: IsFull, (kernel, text, refusal) =>
            compiled.Add(new(kernel, isVector[kernel], text, refusal is null ? null : Causes(refusal))));
        var kernels = compiled.OrderBy(kernel => kernel.Name, StringComparer.Ordinal).ToArray();
        if (TextFolder is { } folder) Write(kernels, folder);
        return (kernels, watch.Elapsed);
    }

    private static IEnumerable<Type> Instances(Type kernel, Type backend, Type vector)
    {
        if (IsFull) return KernelInstances.For(kernel, backend, vector);
        var representatives = KernelInstances.Representatives(kernel, backend, vector).ToArray();
        // The difference between the backends does not depend on the other type arguments except for tiles, so two instances suffice.
        return backend == typeof(GpuVector4Backend) || KernelInstances.Tile(representatives[0]) is not null ? representatives : representatives.Take(2);
    }

    private static string Causes(Exception refusal)
    {
        var causes = new List<string>();
        for (Exception? cause = refusal; cause is not null; cause = cause.InnerException) causes.Add($"{cause.GetType().Name}: {cause.Message}");
        return string.Join(" <- ", causes);
    }

    private static void Write(CompiledKernel[] kernels, string folder)
    {
        Directory.CreateDirectory(folder);
        var table = new List<string> { "| kernel | PTX instructions | v4 accesses | other accesses | uniform branches |", "|---|---|---|---|---|" };
        foreach (var kernel in kernels)
        {
            if (kernel.Text is not { } text) continue;
            var name = Path.Combine(folder, kernel.Name.Replace(", ", "-"));
            File.WriteAllText(name + ".ptx", text.Sm80);
            File.WriteAllText(name + ".cl", text.OpenCL);
            var instructions = PtxFunction.Parse(text.Sm80).SelectMany(function => function.Instructions).ToArray();
            var uniform = instructions.Count(instruction => instruction.IsUniformBranch && instruction.Guard is not null);
            table.Add($"| {kernel.Name} | {instructions.Length} | {PtxLint.VectorAccesses(text.Sm80)} | {PtxLint.ScalarAccesses(text.Sm80)} | {uniform} |");
        }

        File.WriteAllLines(Path.Combine(folder, "kernels.md"), table);
    }
}
