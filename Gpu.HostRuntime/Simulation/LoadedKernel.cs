using System.Runtime.CompilerServices;

namespace ILGPU.Runtime.CPU;

/// <summary>A kernel that was checked once and can be launched often.</summary>
internal sealed class LoadedKernel
{
    private const int ImplicitGroupSize = 256;

    private readonly Accelerator _accelerator;
    private readonly string _name;
    private readonly int _maxThreads;

    /// <exception cref="NotSupportedException">The kernel is a lambda with captured variables, or an instance method.</exception>
    public LoadedKernel(Accelerator accelerator, Delegate kernel, KernelSpecialization specialization = default)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        ArgumentNullException.ThrowIfNull(kernel);
        _accelerator = accelerator;
        var method = kernel.Method;
        _name = NameOf(method.DeclaringType!) + "." + method.Name + (method.IsGenericMethod ? Arguments(method.GetGenericArguments()) : "");
        _maxThreads = Math.Min(accelerator.MaxNumThreadsPerGroup, specialization.MaxNumThreadsPerGroup ?? int.MaxValue);
        const System.Reflection.BindingFlags Fields =
            System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic;
        if (!kernel.Method.IsStatic && kernel.Target!.GetType().GetFields(Fields).Length > 0)
            throw new NotSupportedException($"{_name} cannot be a kernel: it must be a static method or a lambda that captures nothing.");
    }

    public void Launch(AcceleratorStream stream, KernelConfig config, Action body)
    {
        if (!config.IsValid)
        {
            throw new ArgumentOutOfRangeException(nameof(config),
                $"{_name}: grid {config.GridDim} and group {config.GroupDim} must be at least one in each dimension.");
        }
        if (config.GroupDim.LongSize > _maxThreads || !config.GroupDim.InBounds(_accelerator.MaxGroupSize + Index3D.One))
        {
            throw new NotSupportedException($"{_name}: a group of {config.GroupDim} = {config.GroupDim.LongSize} threads is larger than {_maxThreads}, " +
                $"or larger than {_accelerator.MaxGroupSize} in one dimension.");
        }
        var grid = _accelerator.MaxGridSize;
        if (config.GridDim.X > grid.X || config.GridDim.Y > grid.Y || config.GridDim.Z > grid.Z)
            throw new NotSupportedException($"{_name}: a grid of {config.GridDim} groups is larger than {grid}.");
        Run(stream, config, -1, body);
    }

    public void Launch<TIndex>(AcceleratorStream stream, TIndex extent, Action body) where TIndex : struct, IIndex
    {
        if (extent.Size < 1)
            throw new ArgumentOutOfRangeException(nameof(extent), $"{_name}: the extent {extent} must be at least one in each dimension.");
        var groups = (extent.Size + ImplicitGroupSize - 1) / ImplicitGroupSize;
        Run(stream, new KernelConfig(checked((int)groups), Math.Min(ImplicitGroupSize, _maxThreads)), extent.Size, body);
    }

    /// <summary>The index of the item that the calling thread of an implicitly grouped kernel works on.</summary>
    public static TIndex Item<TIndex>(TIndex extent) where TIndex : struct, IIndex
    {
        var thread = Carrier.Current;
        var item = (long)thread.GridX * thread.GroupDimX + thread.Thread;
        return extent switch
        {
            Index1D => As<Index1D>(new((int)item)),
            LongIndex1D => As<LongIndex1D>(new(item)),
            Index2D e => As<Index2D>(new((int)(item % e.X), (int)(item / e.X))),
            Index3D e => As<Index3D>(new((int)(item % e.X), (int)(item / e.X % e.Y), (int)(item / e.X / e.Y))),
            _ => throw new NotSupportedException($"Kernels with an index of type {typeof(TIndex).Name} are not supported."),
        };

        static TIndex As<TFrom>(TFrom index) where TFrom : struct => Unsafe.As<TFrom, TIndex>(ref index);
    }

    private void Run(AcceleratorStream stream, KernelConfig config, long items, Action body)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(_accelerator.IsDisposed, _accelerator);
        ObjectDisposedException.ThrowIf(stream.IsDisposed, stream);
        if (stream.Accelerator != _accelerator)
            throw new ArgumentException($"{_name} was loaded by another accelerator than the one of this stream.", nameof(stream));
        if (Carrier.IsInsideKernel)
            throw new NotSupportedException($"{_name} was launched inside a kernel.");
        if (config.SharedMemoryConfig.ArraySize > _accelerator.MaxSharedMemoryPerGroup)
        {
            throw new NotSupportedException($"{_name}: the launch asks for {config.SharedMemoryConfig.ArraySize} bytes of shared memory, " +
                $"but a group has {_accelerator.MaxSharedMemoryPerGroup}.");
        }
        new KernelLaunch(_accelerator, _name, config, items, body).Run();
    }

    private static string NameOf(Type type) =>
        (type.IsNested ? NameOf(type.DeclaringType!) + "." : "") + type.Name.Split('`')[0] + (type.IsGenericType ? Arguments(type.GetGenericArguments()) : "");

    private static string Arguments(Type[] types) => "<" + string.Join(", ", types.Select(NameOf)) + ">";
}
