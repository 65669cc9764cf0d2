using System.Reflection;
using System.Runtime.CompilerServices;
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
        if (!IsSeenByLaunchers(type)) return [$"{path}: the type {type.Name} must be public, or internal in an assembly that shows its internals to ILGPU's launchers"];
        return type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).SelectMany(field => Offences(field.FieldType, $"{path}.{field.Name}"));
    }

    // Neither private nor protected, and public all the way where the assembly keeps its internals to itself.
    private static bool IsSeenByLaunchers(Type type)
    {
        var showsInternals = type.Assembly.GetCustomAttributes<InternalsVisibleToAttribute>().Any(attribute => attribute.AssemblyName == Context.RuntimeAssemblyName);
        for (var outer = type; outer is not null; outer = outer.DeclaringType)
        {
            var isSeen = outer.IsPublic || outer.IsNestedPublic || (showsInternals && (outer.IsNotPublic || outer.IsNestedAssembly || outer.IsNestedFamORAssem));
            if (!isSeen) return false;
        }

        return true;
    }
}
