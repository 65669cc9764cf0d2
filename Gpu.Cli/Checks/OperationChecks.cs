using System.Reflection;
using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>One check of an operation.</summary>
/// <param name="Group">the class that declares it</param>
/// <param name="Name">what it checks</param>
/// <param name="Seed">the seed of its random numbers</param>
/// <param name="Run">runs it; throws <see cref="CheckFailedException"/> if the device is wrong</param>
internal sealed record OperationCheck(Type Group, string Name, int Seed, Action<Checker> Run);

/// <summary>All checks of operations, found by their <see cref="OperationCheckAttribute"/>. The tests run them on every test device.</summary>
internal static class OperationChecks
{
    /// <summary>All checks, in the order of their groups' names.</summary>
    public static IReadOnlyList<OperationCheck> All { get; } =
        [.. typeof(OperationChecks).Assembly.GetTypes().OrderBy(type => type.Name, StringComparer.Ordinal).SelectMany(Of)];

    /// <summary>The checks of one group.</summary>
    public static IEnumerable<OperationCheck> Of(Type group)
    {
        foreach (var method in group.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
        {
            if (method.GetCustomAttribute<OperationCheckAttribute>() is not { } attribute) continue;
            if (method.GetParameters().Length == 1)
            {
                yield return new OperationCheck(group, attribute.Name, attribute.Seed, method.CreateDelegate<Action<Checker>>());
                continue;
            }

            var run = method.CreateDelegate<Action<Checker, ActivationKind>>();
            foreach (var kind in Enum.GetValues<ActivationKind>())
                yield return new(group, $"{attribute.Name}, {kind.ToString().ToLowerInvariant()}", attribute.Seed, checker => run(checker, kind));
        }
    }

    /// <summary>Whether a check needs a device with tensor cores.</summary>
    public static bool NeedsTensorCores(OperationCheck check) => check.Group == typeof(TensorCoreChecks);
}
