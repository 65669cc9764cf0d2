namespace Gpu.Kernels.Optimizers;

/// <summary>The constants of an update rule. Differences from 1 are rounded from double precision, because 1 - 0.999f has lost digits.</summary>
internal struct UpdateConstants
{
    /// <summary>The learning rate times the factor of the segment; divided by 1 - b1^step if the rule corrects bias.</summary>
    public float StepSize;

    /// <summary>mu.</summary>
    public float Momentum;

    /// <summary>b1, 1 - b1 and log b1.</summary>
    public float Beta1, OneMinusBeta1, LogBeta1;

    /// <summary>b2 (alpha of RMSprop), 1 - b2 and log b2.</summary>
    public float Beta2, OneMinusBeta2, LogBeta2;

    /// <summary>eps.</summary>
    public float Epsilon;

    /// <summary>1 / sqrt(1 - b2^step), only for rules that correct bias.</summary>
    public float InverseRootCorrection;

    /// <summary>The constants of some settings. The kernel sets <see cref="StepSize"/> and <see cref="InverseRootCorrection"/>.</summary>
    internal static UpdateConstants From(OptimizerSettings settings)
    {
        var beta2 = settings.Kind == OptimizerKind.RmsProp ? settings.Alpha : settings.Beta2;
        return new()
        {
            Momentum = (float)settings.Momentum,
            Beta1 = (float)settings.Beta1,
            OneMinusBeta1 = (float)(1 - settings.Beta1),
            LogBeta1 = (float)Math.Log(settings.Beta1),
            Beta2 = (float)beta2,
            OneMinusBeta2 = (float)(1 - beta2),
            LogBeta2 = (float)Math.Log(beta2),
            Epsilon = (float)settings.Epsilon,
        };
    }
}
