using Gpu.Kernels.Launching;

namespace Gpu.Training.Loop;

/// <summary>The host's side of <see cref="StepState"/>: what changes from step to step, sent to the device in one small copy. Allocates nothing.</summary>
internal sealed class StepCounters(ComputeDevice device, DeviceView view)
{
    private readonly int[] _words = new int[StepState.Words];

    /// <summary>Optimizer steps made.</summary>
    public long Step { get; set; }

    /// <summary>Forward passes in training made: what dropout and augmentation draw by.</summary>
    public long Draw { get; set; }

    /// <summary>Sends the values of the next pass.</summary>
    public void Send(float learningRate, float gradientScale, int batchStart)
    {
        _words[StepState.Step] = (int)(Step + 1);
        _words[StepState.LearningRate] = BitConverter.SingleToInt32Bits(learningRate);
        _words[StepState.GradientScale] = BitConverter.SingleToInt32Bits(gradientScale);
        _words[StepState.Draw] = (int)Draw;
        _words[StepState.BatchStart] = batchStart;
        device.Upload<int>(_words, view);
    }
}
