using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>
/// Closes every kernel struct of Gpu.Kernels over every combination of type arguments that its constraints allow. The backend and its vector type are given;
/// each other parameter (an activation, an update rule) takes all structs of Gpu.Kernels that implement its constraint.
/// </summary>
internal static class KernelInstances
{
    /// <summary>The GPU backends with their vector types.</summary>
    public static readonly (Type Backend, Type Vector)[] GpuBackends =
        [(typeof(GpuVector4Backend), typeof(Float4)), (typeof(GpuScalarBackend), typeof(float))];

    private static readonly Type[] Structs = [.. typeof(IKernel).Assembly.GetTypes().Where(type => type.IsValueType && !type.IsEnum)];

    // Limits the tests to some kernels while they are being changed.
    private static readonly string[] Wanted = Environment.GetEnvironmentVariable("GPUTRAINER_KERNELS")?.Split(',') ?? [""];

    /// <summary>
    /// The plain and grouped kernel structs; generic ones as generic type definitions. The environment variable <c>GPUTRAINER_KERNELS</c> limits them to those
    /// whose names begin with one of its comma-separated values.
    /// </summary>
    public static IEnumerable<Type> Kernels => Structs.Where(type => (type.IsAssignableTo(typeof(IKernel)) || IsGrouped(type))
        && Wanted.Any(name => type.Name.StartsWith(name, StringComparison.Ordinal)));

    /// <summary>True for a grouped kernel, whose entry point is <see cref="KernelEntry.RunGrouped"/>.</summary>
    public static bool IsGrouped(Type kernel) => kernel.IsAssignableTo(typeof(IGroupedKernel));

    /// <summary>True for a kernel of tensor cores: inline PTX, which ILGPU drops from OpenCL C.</summary>
    public static bool IsForCuda(Type kernel) => kernel.Namespace!.StartsWith("Gpu.Kernels.Convolution.TensorCore", StringComparison.Ordinal)
        || kernel.Name.StartsWith("TensorCore", StringComparison.Ordinal);

    /// <summary>False for a closed kernel that is never launched on an Intel GPU: one of tensor cores, or with a tile that needs too many registers.</summary>
    public static bool RunsOnIntel(Type kernel) => !IsForCuda(kernel)
        && (Tile(kernel) is not { } tile || GemmPlan.FitsFewRegisters(kernel.GetGenericArguments()[0], tile));

    /// <summary>The tile of a closed implicit GEMM; null for other kernels.</summary>
    public static Type? Tile(Type kernel) => Array.Find(kernel.GetGenericArguments(), argument => argument.IsAssignableTo(typeof(IGemmTile)));

    /// <summary>All closed types of a kernel for one backend.</summary>
    public static IEnumerable<Type> For(Type kernel, Type backend, Type vector) => kernel.IsGenericTypeDefinition ? Close(kernel, backend, vector) : [kernel];

    /// <summary>The name of a kernel without its type arguments: <c>ActivationForward</c>.</summary>
    public static string Family(Type type) => type.IsGenericType ? type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)] : type.Name;

    /// <summary>The short name of a closed kernel: <c>ActivationForward[GpuVector4Backend, Float4, Relu]</c>.</summary>
    public static string Name(Type type)
    {
        if (!type.IsGenericType) return type.Name;
        var arguments = type.GetGenericArguments().Select(argument => argument == typeof(float) ? "float" : Name(argument));
        return $"{Family(type)}[{string.Join(", ", arguments)}]";
    }

    /// <summary>
    /// Closed types of a kernel in which each type argument occurs at least once: independent parameters such as an activation and a gate need not be compiled
    /// in all 49 combinations.
    /// </summary>
    public static IEnumerable<Type> Representatives(Type kernel, Type backend, Type vector)
    {
        var left = For(kernel, backend, vector).ToList();
        var open = left.SelectMany(Arguments).ToHashSet();
        while (open.Count > 0)
        {
            var next = left.MaxBy(closed => Arguments(closed).Count(open.Contains))!;
            open.ExceptWith(Arguments(next));
            left.Remove(next);
            yield return next;
        }

        // The kernel is not generic.
        if (!kernel.IsGenericTypeDefinition) yield return kernel;

        static IEnumerable<(int Position, Type Argument)> Arguments(Type closed) => closed.GetGenericArguments().Index();
    }

    // The Cartesian product of the candidates of each parameter; MakeGenericType rejects those that break a constraint.
    private static IEnumerable<Type> Close(Type open, Type backend, Type vector)
    {
        IEnumerable<Type[]> choices = [[]];
        foreach (var parameter in open.GetGenericArguments())
        {
            var candidates = Candidates(parameter, backend, vector).ToArray();
            choices = [.. choices.SelectMany(chosen => candidates.Select(candidate => (Type[])[.. chosen, candidate]))];
        }

        foreach (var arguments in choices)
        {
            if (TryMake(open, arguments, out var closed)) yield return closed;
        }
    }

    private static IEnumerable<Type> Candidates(Type parameter, Type backend, Type vector)
    {
        var interfaces = parameter.GetGenericParameterConstraints().Where(constraint => constraint.IsInterface).ToArray();
        if (interfaces.Length == 0) return [vector];
        if (interfaces.Any(constraint => IsBackend(Definition(constraint)))) return [backend];
        return Structs
            .Where(type => interfaces.All(constraint => type.GetInterfaces().Any(implemented => Definition(implemented) == Definition(constraint))))
            .SelectMany(type => type.IsGenericTypeDefinition ? Close(type, backend, vector) : [type]);
    }

    private static bool IsBackend(Type definition) =>
        definition == typeof(IVectorBackend<,>) || definition == typeof(IGpuBackend<>) || definition == typeof(ICpuBackend<>);

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private static bool TryMake(Type open, Type[] arguments, [NotNullWhen(true)] out Type? closed)
    {
        try
        {
            closed = open.MakeGenericType(arguments);
            return true;
        }
        catch (ArgumentException)
        {
            // This combination breaks a constraint.
            closed = null;
            return false;
        }
    }
}
