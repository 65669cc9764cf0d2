namespace Gpu.Tests.Oracles;

/// <summary>Names the kernels that a test class checks against a reference. <see cref="KernelCoverageTests"/> fails if no class names a kernel.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class OracleForAttribute(params Type[] kernels) : Attribute
{
    public Type[] Kernels { get; } = kernels;
}
