using ILGPU;

namespace Gpu.Kernels.Devices;

/// <summary>Launches kernels on tensor cores.</summary>
internal interface ITensorCoreLauncher
{
    /// <summary><see cref="MatrixPrecision.Tf32"/> or <see cref="MatrixPrecision.Fp16"/>.</summary>
    MatrixPrecision Precision { get; }

    /// <summary>See <see cref="AcceleratorDevice.MinTensorCoreWork"/>.</summary>
    long MinWork { get; }

    /// <summary>Multiprocessors of the device.</summary>
    int Multiprocessors { get; }

    /// <summary>The ILGPU view of a device view. For an empty view, one that must not be accessed.</summary>
    ArrayView<float> View(DeviceView view);

    /// <summary>The device address of the first word of a view; 0 for an empty view.</summary>
    long Address(DeviceView view);

    /// <summary>Launches a grouped kernel; see <see cref="ILauncher{TBackend}.LaunchGroups"/>.</summary>
    void LaunchGroups<TKernel>(in TKernel kernel, int groups, int threads)
        where TKernel : struct, IGroupedKernel;
}
