using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.ExceptionServices;
using Gpu.Kernels.Cuda;
using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Gpu.Cli.Checks;

/// <summary>
/// Compiles kernels to PTX and OpenCL C without a device, with the settings of the product. Not thread-safe: use one instance per thread. A failed compilation
/// can leave an ILGPU 1.5.3 context unable to compile anything, so the context is replaced after each failure.
/// </summary>
internal sealed class KernelCompiler : IDisposable
{
    private Backends? _backends;

    /// <summary>Compiles one kernel.</summary>
    /// <param name="kernel">the closed kernel</param>
    /// <param name="withSm90">also compiles for sm_90, whose text differs from that for sm_80 only in its header (a test asserts it)</param>
    /// <exception cref="Exception">ILGPU cannot compile the kernel; the type depends on the cause</exception>
    public KernelText Compile(Type kernel, bool withSm90 = false)
    {
        // The code of a kernel depends on those compiled before it in a context, and the product compiles each in a context of its own. With launch bounds the
        // difference can be a spill.
        var bounds = LaunchBounds.Of(kernel, CudaArchitecture.SM_80);
        if (bounds.MaxNumThreadsPerGroup is not null) Dispose();
        _backends ??= new Backends();
        try
        {
            var entry = KernelInstances.IsGrouped(kernel) ? nameof(KernelEntry.RunGrouped) : nameof(KernelEntry.Run);
            return _backends.Compile(typeof(KernelEntry).GetMethod(entry)!.MakeGenericMethod(kernel), bounds, withSm90);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Compiles kernels on one thread per processor.</summary>
    /// <param name="kernels">the closed kernels</param>
    /// <param name="withSm90">as for <see cref="Compile"/></param>
    /// <param name="done">
    /// called with each kernel, and with its text or the exception of its compilation, on the threads that compile. An exception that it throws is thrown
    /// when all threads have ended
    /// </param>
    /// <param name="cancellation">ends the compilation between two kernels</param>
    /// <exception cref="OperationCanceledException">it was cancelled</exception>
    public static void CompileAll(
        IEnumerable<Type> kernels, bool withSm90, Action<Type, KernelText?, Exception?> done, CancellationToken cancellation = default)
    {
        var open = new ConcurrentQueue<Type>(kernels);
        var failures = new ConcurrentQueue<Exception>();
        // ILGPU uses the thread pool itself.
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(Work)).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        if (failures.TryDequeue(out var failure)) ExceptionDispatchInfo.Throw(failure);
        cancellation.ThrowIfCancellationRequested();

        void Work()
        {
            using var compiler = new KernelCompiler();
            while (!cancellation.IsCancellationRequested && failures.IsEmpty && open.TryDequeue(out var kernel))
            {
                KernelText? text = null;
                Exception? refusal = null;
                try
                {
                    text = compiler.Compile(kernel, withSm90);
                }
                catch (Exception e)
                {
                    refusal = e;
                }

                try
                {
                    done(kernel, text, refusal);
                }
                catch (Exception e)
                {
                    failures.Enqueue(e);
                }
            }
        }
    }

    public void Dispose()
    {
        _backends?.Dispose();
        _backends = null;
    }

    private sealed class Backends : IDisposable
    {
        private readonly Context _context = Context.Create(builder => builder.DefaultCPU().ForKernels());
        private readonly PTXBackend _sm80;
        private readonly PTXBackend _sm90;
        private readonly CLBackend _openCL;

        public Backends()
        {
            _sm80 = Ptx(CudaArchitecture.SM_80, CudaInstructionSet.ISA_80);
            _sm90 = Ptx(CudaArchitecture.SM_90, CudaInstructionSet.ISA_88);
            var capabilities = new CLCapabilityContext(false, false, true, false, false);
            _openCL = new CLBackend(_context, capabilities, CLDeviceVendor.AMD, CLCVersion.CL20);
        }

        public KernelText Compile(MethodInfo method, KernelSpecialization bounds, bool withSm90)
        {
            var entry = EntryPointDescription.FromExplicitlyGroupedKernel(method);
            // The front end of the compiler is common to all targets.
            var kernel = _sm80.PreCompileKernelMethod(entry);
            var bounded = bounds.MaxNumThreadsPerGroup is null ? null : ((PTXCompiledKernel)_sm80.Compile(kernel, entry, bounds)).PTXAssembly;
            return new KernelText(
                ((PTXCompiledKernel)_sm80.Compile(kernel, entry, KernelSpecialization.Empty)).PTXAssembly,
                withSm90 ? ((PTXCompiledKernel)_sm90.Compile(kernel, entry, KernelSpecialization.Empty)).PTXAssembly : null,
                ((CLCompiledKernel)_openCL.Compile(kernel, entry, KernelSpecialization.Empty)).Source, bounded);
        }

        public void Dispose()
        {
            _sm80.Dispose();
            _sm90.Dispose();
            _openCL.Dispose();
            _context.Dispose();
        }

        private PTXBackend Ptx(CudaArchitecture architecture, CudaInstructionSet instructions) =>
            new(_context, new CudaCapabilityContext(architecture), architecture, instructions, null!);
    }
}

/// <summary>The compiled text of a kernel.</summary>
/// <param name="Sm80">PTX for sm_80</param>
/// <param name="Sm90">PTX for sm_90 without launch bounds; null unless it was requested</param>
/// <param name="OpenCL">OpenCL C</param>
/// <param name="Bounded"><paramref name="Sm80"/> with the launch bounds of the kernel (<see cref="LaunchBounds"/>); null for none</param>
internal sealed record KernelText(string Sm80, string? Sm90, string OpenCL, string? Bounded);
