using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Tests.Compilation;

/// <summary>
/// Every kernel struct of Gpu.Kernels with every combination of type arguments that its constraints allow: the machine and its vector are given, and the
/// other parameters (an activation, an update rule) run over all structs of Gpu.Kernels that implement what the constraint asks for.
/// </summary>
internal static class KernelInstances
{
    /// <summary>The GPU machines with their vectors.</summary>
    public static readonly (Type Machine, Type Vector)[] GpuMachines = [(typeof(GpuVector4Backend), typeof(Float4)), (typeof(GpuScalarBackend), typeof(float))];

    private static readonly Type[] Structs = [.. typeof(IKernel).Assembly.GetTypes().Where(type => type.IsValueType && !type.IsEnum)];

    // A part of them, for a look at a kernel that is being changed.
    private static readonly string[] Wanted = Environment.GetEnvironmentVariable("GPUTRAINER_KERNELS")?.Split(',') ?? [""];

    /// <summary>
    /// The kernel structs, plain and grouped ones, open where they are generic. The environment variable <c>GPUTRAINER_KERNELS</c> limits them to those whose
    /// names begin with one of its values.
    /// </summary>
    public static IEnumerable<Type> Kernels => Structs.Where(type => (type.IsAssignableTo(typeof(IKernel)) || IsGrouped(type))
        && Wanted.Any(name => type.Name.StartsWith(name, StringComparison.Ordinal)));

    /// <summary>Whether a kernel is one for groups of threads: it is entered by <see cref="KernelEntry.RunGrouped"/>.</summary>
    public static bool IsGrouped(Type kernel) => kernel.IsAssignableTo(typeof(IGroupedKernel));

    /// <summary>The closed kernels for one machine.</summary>
    public static IEnumerable<Type> For(Type kernel, Type machine, Type vector) => kernel.IsGenericTypeDefinition ? Close(kernel, machine, vector) : [kernel];

    /// <summary>A kernel without its type arguments: <c>ActivationForward</c>.</summary>
    public static string Family(Type type) => type.IsGenericType ? type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)] : type.Name;

    /// <summary>A closed kernel in short: <c>ActivationForward[Gpu4, Float4, Relu]</c>.</summary>
    public static string Name(Type type)
    {
        if (!type.IsGenericType) return type.Name;
        var arguments = type.GetGenericArguments().Select(argument => argument == typeof(float) ? "float" : Name(argument));
        return $"{Family(type)}[{string.Join(", ", arguments)}]";
    }

    /// <summary>
    /// Closed kernels in which each type argument occurs at least once: an activation and a gate that do not know of each other need not be compiled in all 49 pairs.
    /// </summary>
    public static IEnumerable<Type> Representatives(Type kernel, Type machine, Type vector)
    {
        var left = For(kernel, machine, vector).ToList();
        var open = left.SelectMany(Arguments).ToHashSet();
        while (open.Count > 0)
        {
            var next = left.MaxBy(closed => Arguments(closed).Count(open.Contains))!;
            open.ExceptWith(Arguments(next));
            left.Remove(next);
            yield return next;
        }

        // One that takes no type arguments.
        if (!kernel.IsGenericTypeDefinition) yield return kernel;

        static IEnumerable<(int Position, Type Argument)> Arguments(Type closed) => closed.GetGenericArguments().Index();
    }

    // Parameter by parameter, each with all its candidates; what the constraints forbid is dropped by MakeGenericType.
    private static IEnumerable<Type> Close(Type open, Type machine, Type vector)
    {
        IEnumerable<Type[]> choices = [[]];
        foreach (var parameter in open.GetGenericArguments())
        {
            var candidates = Candidates(parameter, machine, vector).ToArray();
            choices = [.. choices.SelectMany(chosen => candidates.Select(candidate => (Type[])[.. chosen, candidate]))];
        }

        foreach (var arguments in choices)
        {
            if (TryMake(open, arguments, out var closed)) yield return closed;
        }
    }

    private static IEnumerable<Type> Candidates(Type parameter, Type machine, Type vector)
    {
        var interfaces = parameter.GetGenericParameterConstraints().Where(constraint => constraint.IsInterface).ToArray();
        if (interfaces.Length == 0) return [vector];
        if (interfaces.Any(constraint => IsMachine(Definition(constraint)))) return [machine];
        return Structs
            .Where(type => interfaces.All(constraint => type.GetInterfaces().Any(implemented => Definition(implemented) == Definition(constraint))))
            .SelectMany(type => type.IsGenericTypeDefinition ? Close(type, machine, vector) : [type]);
    }

    private static bool IsMachine(Type definition) => definition == typeof(IVectorBackend<,>) || definition == typeof(IGpuBackend<>) || definition == typeof(ICpuBackend<>);

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
            // A constraint does not hold for this combination.
            closed = null;
            return false;
        }
    }
}
