using System.Reflection;
using Gpu.Kernels.Devices;
using Gpu.Tests.Compilation;
using Gpu.Training.Loop;
using ILGPU.Runtime;

namespace Gpu.Tests.Devices;

/// <summary>
/// Nothing runs on the default stream of an accelerator: it is not ordered with other streams, and CUDA cannot capture it. The test reads the IL of all
/// methods.
/// </summary>
public class DefaultStreamTests
{
    // Without a stream argument these use the default stream.
    private static readonly string[] NeedStream = ["CopyFromCPU", "CopyToCPU", "CopyFrom", "CopyTo", "MemSet", "MemSetToZero", "GetAsArray", "GetAsArray1D"];

    [Theory]
    [InlineData(typeof(ComputeDevice))]
    [InlineData(typeof(Trainer))]
    public void NothingUsesTheDefaultStream(Type ofAssembly)
    {
        var methods = ofAssembly.Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BackendCalls.Declared).Cast<MethodBase>().Concat(type.GetConstructors(BackendCalls.Declared)));
        var violations = methods.SelectMany(method => BackendCalls.Called(method)
            .Where(IsOnDefaultStream).Select(called => $"{method.DeclaringType}.{method.Name}: {called.Name}"));
        Assert.Empty(violations);
    }

    [Fact]
    public void UseOfTheDefaultStreamIsDetected()
    {
        var method = typeof(DefaultStreamTests).GetMethod(nameof(UseDefaultStream), BackendCalls.Declared)!;
        Assert.Equal(
            ["get_DefaultStream", "Synchronize", "MemSetToZero"], BackendCalls.Called(method).Where(IsOnDefaultStream).Select(called => called.Name));
    }

    private static void UseDefaultStream(Accelerator accelerator, MemoryBuffer1D<float, ILGPU.Stride1D.Dense> buffer)
    {
        accelerator.DefaultStream.Synchronize();
        accelerator.Synchronize();
        buffer.View.BaseView.MemSetToZero();
    }

    private static bool IsOnDefaultStream(MethodBase called)
    {
        if (called.DeclaringType?.Namespace?.StartsWith("ILGPU", StringComparison.Ordinal) != true) return false;
        if (called.Name.Contains("StreamKernel", StringComparison.Ordinal) || called.Name == "get_DefaultStream") return true;
        if (called.Name == "Synchronize") return called.DeclaringType.IsAssignableTo(typeof(Accelerator));
        return NeedStream.Contains(called.Name) && !called.GetParameters().Any(parameter => parameter.ParameterType == typeof(AcceleratorStream));
    }
}
