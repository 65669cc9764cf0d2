// Needs the ILGPU package. The types exist here so that code which looks for them compiles; nothing makes one.
namespace ILGPU.Runtime.Cuda;

/// <summary>A CUDA device; there is none without the ILGPU package.</summary>
public abstract class CudaDevice : Device
{
    private CudaDevice() : base(AcceleratorType.Cuda) { }
}

/// <summary>A CUDA accelerator; there is none without the ILGPU package.</summary>
public abstract class CudaAccelerator : Accelerator
{
    private CudaAccelerator(Context context, Device device) : base(context, device) { }
}

public static class CudaContextExtensions
{
    /// <summary>Adds the CUDA devices: none.</summary>
    public static Context.Builder Cuda(this Context.Builder builder) => builder;
    public static Context.Builder Cuda(this Context.Builder builder, Predicate<CudaDevice> predicate) => builder;
    public static CudaDevice GetCudaDevice(this Context context, int cudaDeviceIndex) => context.GetDevice<CudaDevice>(cudaDeviceIndex);
    public static Context.DeviceCollection<CudaDevice> GetCudaDevices(this Context context) => context.GetDevices<CudaDevice>();
    public static CudaAccelerator CreateCudaAccelerator(this Context context, int cudaDeviceIndex) =>
        (CudaAccelerator)context.GetCudaDevice(cudaDeviceIndex).CreateAccelerator(context);
}
