namespace Gpu.Training.Loop;

/// <summary>The shape of the learning rate over a run.</summary>
public enum ScheduleKind
{
    /// <summary>The same rate throughout.</summary>
    Constant,

    /// <summary>Multiplied by <see cref="LearningRateSchedule.Factor"/> after every <see cref="LearningRateSchedule.Every"/> epochs.</summary>
    Step,

    /// <summary>Multiplied by <see cref="LearningRateSchedule.Factor"/> each epoch, smoothly from step to step.</summary>
    Exponential,

    /// <summary>Half a cosine from the full rate to <see cref="LearningRateSchedule.Final"/> times it.</summary>
    Cosine,

    /// <summary>A straight line from the full rate to <see cref="LearningRateSchedule.Final"/> times it.</summary>
    Linear,

    /// <summary>Up by a cosine over the first <see cref="LearningRateSchedule.Rise"/> of the run, then down by one (Smith, "super-convergence").</summary>
    OneCycle,
}

/// <summary>A learning-rate schedule: a factor of the base rate, a function of the step alone, so that a resumed run goes on as if never stopped.</summary>
public sealed record LearningRateSchedule
{
    /// <summary>The same rate throughout.</summary>
    public static LearningRateSchedule Constant { get; } = new();

    /// <summary>The shape.</summary>
    public ScheduleKind Kind { get; init; }

    /// <summary>Step and exponential: what the rate is multiplied by, above 0 up to 1.</summary>
    public double Factor { get; init; } = 0.1;

    /// <summary>Step: epochs between two drops, above 0.</summary>
    public double Every { get; init; } = 10;

    /// <summary>Cosine, linear and one-cycle: the last rate as a share of the full one, 0 up to 1.</summary>
    public double Final { get; init; }

    /// <summary>One-cycle: share of the run in which the rate rises, above 0 and below 1.</summary>
    public double Rise { get; init; } = 0.3;

    /// <summary>One-cycle: the first rate as a share of the full one.</summary>
    public double Start { get; init; } = 0.04;

    /// <summary>
    /// The factor of the base learning rate.
    /// </summary>
    /// <param name="step">the optimizer step, from 0</param>
    /// <param name="warmup">steps of linear warm-up, during which the factor is (step + 1) / warmup of the schedule's first one</param>
    /// <param name="totalSteps">steps of the whole run, warm-up included</param>
    /// <param name="stepsPerEpoch">optimizer steps an epoch</param>
    public double FactorAt(long step, int warmup, long totalSteps, int stepsPerEpoch)
    {
        if (step < warmup) return Shape(0, 1, stepsPerEpoch) * (step + 1) / warmup;
        return Shape(step - warmup, Math.Max(1, totalSteps - warmup), stepsPerEpoch);
    }

    /// <summary>
    /// Reads <c>NAME[:key=value,...]</c>: <c>constant</c>, <c>step:every=10,factor=0.1</c>, <c>exponential:factor=0.9</c>, <c>cosine:final=0.01</c>,
    /// <c>linear</c>, <c>onecycle:rise=0.3,start=0.04</c>.
    /// </summary>
    /// <exception cref="FormatException">the text is not a schedule; the message says what is</exception>
    public static LearningRateSchedule Parse(string text) => ScheduleText.Parse(text);

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => ScheduleText.Write(this);

    private double Shape(long step, long total, int stepsPerEpoch)
    {
        // 0 at the first step, 1 at the last one.
        var progress = total <= 1 ? 0 : Math.Min(1, (double)step / (total - 1));
        switch (Kind)
        {
            case ScheduleKind.Step: return Math.Pow(Factor, Math.Floor(step / (Every * stepsPerEpoch)));
            case ScheduleKind.Exponential: return Math.Pow(Factor, (double)step / stepsPerEpoch);
            case ScheduleKind.Cosine: return Cosine(1, Final, progress);
            case ScheduleKind.Linear: return 1 + (Final - 1) * progress;
            case ScheduleKind.OneCycle: return progress < Rise ? Cosine(Start, 1, progress / Rise) : Cosine(1, Final, (progress - Rise) / (1 - Rise));
            default: return 1;
        }
    }

    private static double Cosine(double from, double to, double progress) => to + (from - to) * (1 + Math.Cos(Math.PI * progress)) / 2;
}
