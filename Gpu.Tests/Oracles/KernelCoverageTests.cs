using System.Reflection;
using Gpu.Kernels.Launching;

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
}
