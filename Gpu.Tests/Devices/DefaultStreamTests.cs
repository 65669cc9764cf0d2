using System.Reflection;
using Gpu.Kernels.Devices;
using Gpu.Tests.Compilation;
using Gpu.Training.Loop;
using ILGPU.Runtime;

namespace Gpu.Tests.Devices;

/// <summary>
/// Nothing runs on an accelerator's default stream: it is not ordered with others, and CUDA cannot capture it. Read from the intermediate language of
/// all methods.
/// </summary>
public class DefaultStreamTests
{
    private const BindingFlags Everything = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // They take a stream, or mean the default one.
    private static readonly string[] NeedStream = ["CopyFromCPU", "CopyToCPU", "CopyFrom", "CopyTo", "MemSet", "MemSetToZero", "GetAsArray", "GetAsArray1D"];

    [Theory]
    [InlineData(typeof(ComputeDevice))]
    [InlineData(typeof(Trainer))]
    public void NothingUsesTheDefaultStream(Type ofAssembly)
    {
        var methods = ofAssembly.Assembly.GetTypes().SelectMany(type => type.GetMethods(Everything).Cast<MethodBase>().Concat(type.GetConstructors(Everything)));
        var offences = methods.SelectMany(method => Called(method).Where(IsOnDefaultStream).Select(called => $"{method.DeclaringType}.{method.Name}: {called.Name}"));
        Assert.Empty(offences);
    }

    [Fact]
    public void AnOffenceIsFound()
    {
        var method = typeof(DefaultStreamTests).GetMethod(nameof(Offence), Everything)!;
        Assert.Equal(["get_DefaultStream", "Synchronize", "MemSetToZero"], Called(method).Where(IsOnDefaultStream).Select(called => called.Name));
    }

    private static void Offence(Accelerator accelerator, MemoryBuffer1D<float, ILGPU.Stride1D.Dense> buffer)
    {
        accelerator.DefaultStream.Synchronize();
        accelerator.Synchronize();
        buffer.View.BaseView.MemSetToZero();
    }

    private static IEnumerable<MethodBase> Called(MethodBase method) => MachineCalls.Called(method);

    private static bool IsOnDefaultStream(MethodBase called)
    {
        if (called.DeclaringType?.Namespace?.StartsWith("ILGPU", StringComparison.Ordinal) != true) return false;
        if (called.Name.Contains("StreamKernel", StringComparison.Ordinal) || called.Name == "get_DefaultStream") return true;
        if (called.Name == "Synchronize") return called.DeclaringType.IsAssignableTo(typeof(Accelerator));
        return NeedStream.Contains(called.Name) && !called.GetParameters().Any(parameter => parameter.ParameterType == typeof(AcceleratorStream));
    }
}
