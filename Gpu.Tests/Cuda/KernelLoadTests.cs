using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;
using ILGPU.Runtime.Cuda;

namespace Gpu.Tests.Cuda;

/// <summary>What people are told when the driver does not take a kernel. Needs a CUDA device among those that <see cref="TestDevices"/> was given.</summary>
public class KernelLoadTests
{
    [CudaFact]
    public void RefusedKernelIsNamedWithTheDriversReason()
    {
        using var device = DeviceCatalog.Open(TestDevices.Cuda.First());
        var error = Assert.Throws<DriverException>(() => device.Execute(new Operation()));
        Assert.Contains(nameof(UnknownInstruction), error.Message);
        Assert.Contains("frobnicate", error.Message);
        Assert.Contains("INVALID_PTX", error.Message);
    }

    /// <summary>No assembler knows its instruction.</summary>
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
