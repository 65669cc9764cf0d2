namespace ILGPU;

/// <summary>Makes the functions of ILGPU.Algorithms available to a context. The simulator always has them.</summary>
public static class AlgorithmContext
{
    public static Context.Builder EnableAlgorithms(this Context.Builder builder) => builder;
}
