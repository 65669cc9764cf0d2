using System.Reflection;
using Gpu.Kernels.Devices;

namespace Gpu.Tests.Oracles;

public class KernelCoverageTests
{
    [Fact]
    public void EveryKernelHasAnOracle()
    {
        var kernels = typeof(IKernel).Assembly.GetTypes()
            .Where(type => type.IsValueType && (type.IsAssignableTo(typeof(IKernel)) || type.IsAssignableTo(typeof(IGroupedKernel))))
            .Select(type => type.IsGenericType ? type.GetGenericTypeDefinition() : type);
        var covered = typeof(KernelCoverageTests).Assembly.GetTypes()
            .SelectMany(type => type.GetCustomAttribute<OracleForAttribute>()?.Kernels ?? [])
            .ToHashSet();
        var missing = kernels.Where(kernel => !covered.Contains(kernel)).Select(kernel => kernel.FullName).ToArray();
        Assert.True(missing.Length == 0, "kernels without an oracle test ([OracleFor(typeof(...))] on the test class): " + string.Join(", ", missing));
    }

    [Fact]
    public void EveryKernelIsFullyOptimizedAtItsFirstLaunch()
    {
        // The launch loop is compiled once, fully optimized. A Run method that is not inlined into it starts in the JIT's first tier, several times slower.
        var kernels = typeof(IKernel).Assembly.GetTypes().Where(type => type.IsValueType && type.IsAssignableTo(typeof(IKernel)));
        const MethodImplAttributes optimized = MethodImplAttributes.AggressiveInlining | MethodImplAttributes.AggressiveOptimization;
        var slow = kernels.Where(type => (type.GetMethod(nameof(IKernel.Run))!.GetMethodImplementationFlags() & optimized) == 0)
            .Select(type => type.FullName).ToArray();
        Assert.True(slow.Length == 0, "kernels whose Run has no [MethodImpl(MethodImplOptions.AggressiveInlining)]: " + string.Join(", ", slow));
    }
}
