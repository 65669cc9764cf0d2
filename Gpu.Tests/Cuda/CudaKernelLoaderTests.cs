using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;
using ILGPU.Runtime.Cuda;

namespace Gpu.Tests.Cuda;

/// <summary>The error for a kernel that the CUDA driver refuses to load.</summary>
public class CudaKernelLoaderTests
{
    [CudaFact]
    public void ErrorNamesTheKernelAndTheReasonOfTheDriver()
    {
        using var device = DeviceCatalog.Open(TestDevices.Cuda.First());
        var error = Assert.Throws<DriverException>(() => device.Execute(new Operation()));
        Assert.Contains(nameof(UnknownInstruction), error.Message);
        Assert.Contains("frobnicate", error.Message);
        Assert.Contains("INVALID_PTX", error.Message);
    }

    /// <summary>A kernel with an invalid PTX instruction.</summary>
    public struct UnknownInstruction : IKernel
    {
        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run(int item) => CudaAsm.Emit("frobnicate.b32 %0, 1;", item);
    }

    private readonly struct Operation : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => launcher.Launch(new UnknownInstruction(), 1, 1);
    }
}
