using System.Reflection;
using System.Runtime.CompilerServices;
using Gpu.Cli.Checks;
using ILGPU;

namespace Gpu.Tests.Compilation;

/// <summary>
/// The fields of a kernel are its arguments. ILGPU can pass only some types from the host; a kernel with other types compiles and fails when it is launched.
/// </summary>
public class KernelArgumentTests
{
    public static TheoryData<string> Kernels => [.. KernelInstances.Kernels.Select(KernelInstances.Family)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EveryFieldCanBePassed(string kernel)
    {
        var type = KernelInstances.Kernels.Single(candidate => KernelInstances.Family(candidate) == kernel);
        var violations = KernelInstances.GpuBackends
            .SelectMany(backend => KernelInstances.For(type, backend.Backend, backend.Vector))
            .SelectMany(closed => Violations(closed, KernelInstances.Name(closed)));
        Assert.Empty(violations);
    }

    private static IEnumerable<string> Violations(Type type, string path)
    {
        if (type == typeof(ArrayView<float>)) return [];
        if (type == typeof(bool) || type == typeof(char)) return [$"{path} is a {type.Name}: use a Flag or an int"];
        if (type.IsPrimitive || type.IsEnum) return [];
        if (!type.IsValueType) return [$"{path} is a reference to a {type.Name}"];
        if (!IsVisibleToLaunchers(type))
            return [$"{path}: the type {type.Name} must be public, or internal in an assembly whose internals are visible to ILGPU's launchers"];
        return type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .SelectMany(field => Violations(field.FieldType, $"{path}.{field.Name}"));
    }

    // ILGPU emits its launchers into an assembly of its own: the type and all its outer types must be public, or internal and visible to that assembly.
    private static bool IsVisibleToLaunchers(Type type)
    {
        var showsInternals = type.Assembly.GetCustomAttributes<InternalsVisibleToAttribute>()
            .Any(attribute => attribute.AssemblyName == Context.RuntimeAssemblyName);
        for (var outer = type; outer is not null; outer = outer.DeclaringType)
        {
            var isVisible = outer.IsPublic || outer.IsNestedPublic
                || (showsInternals && (outer.IsNotPublic || outer.IsNestedAssembly || outer.IsNestedFamORAssem));
            if (!isVisible) return false;
        }

        return true;
    }
}
