using System.Diagnostics;

namespace Gpu.Training.Loop;

/// <summary>Measures training time, without observers and evaluation between steps, and counts the samples trained in it.</summary>
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

    /// <summary>Starts timing a step.</summary>
    public void Resume() => _stepStart = Stopwatch.GetTimestamp();

    /// <summary>Stops timing and adds the samples of the step.</summary>
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
