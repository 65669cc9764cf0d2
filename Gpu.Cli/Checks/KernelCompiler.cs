using System.Reflection;
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
        _backends ??= new Backends();
        try
        {
            var entry = KernelInstances.IsGrouped(kernel) ? nameof(KernelEntry.RunGrouped) : nameof(KernelEntry.Run);
            return _backends.Compile(typeof(KernelEntry).GetMethod(entry)!.MakeGenericMethod(kernel), LaunchBounds.Of(kernel), withSm90);
        }
        catch
        {
            Dispose();
            throw;
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
            return new KernelText(
                ((PTXCompiledKernel)_sm80.Compile(kernel, entry, bounds)).PTXAssembly,
                withSm90 ? ((PTXCompiledKernel)_sm90.Compile(kernel, entry, bounds)).PTXAssembly : null,
                ((CLCompiledKernel)_openCL.Compile(kernel, entry, KernelSpecialization.Empty)).Source);
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

/// <summary>The compiled text of a kernel; the text for sm_90 is null unless it was requested.</summary>
internal sealed record KernelText(string Sm80, string? Sm90, string OpenCL);
