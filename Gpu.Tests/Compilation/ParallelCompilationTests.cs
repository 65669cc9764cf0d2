using System.Collections.Concurrent;
using Gpu.Cli.Checks;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Cuda;
using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Gpu.Tests.Compilation;

/// <summary>
/// A kernel that is compiled in its own ILGPU context gives the same text whatever is compiled before or concurrently. The product compiles that way on CUDA.
/// In a shared context the text is not reproducible.
/// </summary>
public class ParallelCompilationTests
{
    [Fact]
    public void ConcurrentlyCompiledKernelsHaveTheSameText()
    {
        // Every sixteenth instance is enough.
        var kernels = KernelInstances.Kernels
            .SelectMany(kernel => KernelInstances.Representatives(kernel, typeof(GpuVector4Backend), typeof(Float4))).Where((_, i) => i % 16 == 5).ToArray();
        var alone = Compile(kernels, 1);
        var together = Compile([.. kernels.Reverse()], 4);
        foreach (var kernel in kernels) Assert.Equal(alone[kernel], together[kernel]);
    }

    private static ConcurrentDictionary<Type, string> Compile(Type[] kernels, int threads)
    {
        var texts = new ConcurrentDictionary<Type, string>();
        var open = new ConcurrentQueue<Type>(kernels);
        var failures = new ConcurrentQueue<Exception>();
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(Work)).ToArray();
        foreach (var worker in workers) worker.Start();
        foreach (var worker in workers) worker.Join();
        Assert.Empty(failures);
        return texts;

        void Work()
        {
            try
            {
                while (open.TryDequeue(out var kernel))
                {
                    using var context = Context.Create(builder => builder.DefaultCPU().ForKernels());
                    using var backend = new PTXBackend(
                        context, new CudaCapabilityContext(CudaArchitecture.SM_90), CudaArchitecture.SM_90, CudaInstructionSet.ISA_88, null);
                    var entry = EntryPointDescription.FromExplicitlyGroupedKernel(typeof(KernelEntry)
                        .GetMethod(KernelInstances.IsGrouped(kernel) ? nameof(KernelEntry.RunGrouped) : nameof(KernelEntry.Run))!.MakeGenericMethod(kernel));
                    texts[kernel] = PtxNames.Renumber(((PTXCompiledKernel)backend.Compile(entry, KernelSpecialization.Empty)).PTXAssembly);
                }
            }
            catch (Exception e)
            {
                failures.Enqueue(e);
            }
        }
    }
}
