using System.Reflection;
using ILGPU;

namespace Gpu.Tests.Compilation;

/// <summary>A kernel's fields are its arguments, and ILGPU takes only some types across from the host; the others compile, and fail when the kernel is launched.</summary>
public class KernelArgumentTests
{
    public static TheoryData<string> Kernels => [.. KernelInstances.Kernels.Select(KernelInstances.Family)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EveryFieldCanBePassed(string kernel)
    {
        var type = KernelInstances.Kernels.Single(candidate => KernelInstances.Family(candidate) == kernel);
        var offences = KernelInstances.GpuMachines
            .SelectMany(machine => KernelInstances.For(type, machine.Machine, machine.Vector))
            .SelectMany(closed => Offences(closed, KernelInstances.Name(closed)));
        Assert.Empty(offences);
    }

    private static IEnumerable<string> Offences(Type type, string path)
    {
        if (type == typeof(ArrayView<float>)) return [];
        if (type == typeof(bool) || type == typeof(char)) return [$"{path} is a {type.Name}: use a Flag or an int"];
        if (type.IsPrimitive || type.IsEnum) return [];
        if (!type.IsValueType) return [$"{path} is a reference to a {type.Name}"];
        if (!type.IsVisible) return [$"{path}: the type {type.Name} must be public"];
        return type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).SelectMany(field => Offences(field.FieldType, $"{path}.{field.Name}"));
    }
}
