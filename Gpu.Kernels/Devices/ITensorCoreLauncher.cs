using ILGPU;

namespace Gpu.Kernels.Devices;

/// <summary>What an operation needs to launch kernels on tensor cores.</summary>
internal interface ITensorCoreLauncher
{
    /// <summary><see cref="MatrixPrecision.Tf32"/> or <see cref="MatrixPrecision.Fp16"/>.</summary>
    MatrixPrecision Precision { get; }

    /// <summary>Multiply-adds that a product should have at least; smaller ones are computed in 32 bits. With 1, none is, not even where that would be sooner.</summary>
    long MinWork { get; }

    /// <summary>Multiprocessors of the device.</summary>
    int Multiprocessors { get; }

    /// <summary>The ILGPU view of a device view; an empty one gives a view that must not be read.</summary>
    ArrayView<float> View(DeviceView view);

    /// <summary>The address of a view's first word on the device; 0 for an empty one.</summary>
    long Address(DeviceView view);

    /// <summary>Launches a grouped kernel; see <see cref="ILauncher{TBackend}.LaunchGroups"/>.</summary>
    void LaunchGroups<TKernel>(in TKernel kernel, int groups, int threads)
        where TKernel : struct, IGroupedKernel;
}
