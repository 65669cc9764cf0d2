using System.Diagnostics;

namespace Gpu.Training.Loop;

/// <summary>Seconds of training, without what lies between steps (observers, evaluation), and the samples trained in them.</summary>
internal sealed class TrainingClock
{
    private long _start;
    private long _stepStart;
    private long _ticks;
    private long _samples;
    private long _epochTicks;
    private long _epochSamples;

    public double TrainSeconds => Seconds(_ticks);

    public double SamplesPerSecond => _samples / Math.Max(TrainSeconds, 1e-9);

    public double EpochSeconds { get; private set; }

    public double EpochSamplesPerSecond { get; private set; }

    public double TotalSeconds => Stopwatch.GetElapsedTime(_start).TotalSeconds;

    public void Start() => _start = Stopwatch.GetTimestamp();

    public void BeginEpoch() => (_epochTicks, _epochSamples) = (_ticks, _samples);

    /// <summary>Takes up the time of a step.</summary>
    public void Resume() => _stepStart = Stopwatch.GetTimestamp();

    /// <summary>Ends a step of so many samples.</summary>
    public void Pause(int samples)
    {
        _ticks += Stopwatch.GetTimestamp() - _stepStart;
        _samples += samples;
    }

    public void EndEpoch()
    {
        EpochSeconds = Seconds(_ticks - _epochTicks);
        EpochSamplesPerSecond = (_samples - _epochSamples) / Math.Max(EpochSeconds, 1e-9);
    }

    private static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;
}
