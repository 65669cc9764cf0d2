namespace ILGPU;

public enum InliningMode { Default = Aggressive, Aggressive = 0, Conservative, Disabled }
public enum OptimizationLevel { Debug = O0, Release = O1, O0 = 0, O1, O2 }
public enum MathMode { Default, Fast, Fast32BitOnly }
public enum StaticFieldMode { Default, MutableStaticFields, IgnoreStaticFieldStores }
public enum ArrayMode { Default, InlineMutableStaticArrays }
public enum CachingMode { Default, NoKernelCaching, NoLaunchCaching, Disabled }
public enum PageLockingMode { Default, Auto, Aggressive }

/// <summary>The settings of a context. In the simulator only <see cref="EnableProfiling"/> changes anything.</summary>
public class ContextProperties
{
    private protected ContextProperties() { }

    public bool EnableAssertions { get; protected set; }
    public bool EnableProfiling { get; protected set; }
    public OptimizationLevel OptimizationLevel { get; protected set; } = OptimizationLevel.Release;
    public InliningMode InliningMode { get; protected set; }
    public MathMode MathMode { get; protected set; }
    public StaticFieldMode StaticFieldMode { get; protected set; }
    public ArrayMode ArrayMode { get; protected set; }
    public CachingMode CachingMode { get; protected set; }
    public PageLockingMode PageLockingMode { get; protected set; }
}
