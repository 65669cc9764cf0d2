using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Steps;

/// <summary>Moves the step state to the next entry of its table; one item.</summary>
internal struct StepTableAdvance<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="StepTableLayout"/>, and <see cref="StepStateLayout"/>.</summary>
    public TBackend Table, State;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var next = TBackend.LoadInt(Table, StepTableLayout.Next);
        var entry = StepTableLayout.Entries + next * StepTableLayout.EntryWords;
        // All are read before the first is written: on a GPU the reads are then under way together.
        var step = TBackend.LoadInt(Table, entry + StepStateLayout.Step);
        var learningRate = TBackend.LoadInt(Table, entry + StepStateLayout.LearningRate);
        var gradientScale = TBackend.LoadInt(Table, entry + StepStateLayout.GradientScale);
        var draw = TBackend.LoadInt(Table, entry + StepStateLayout.Draw);
        var batchStart = TBackend.LoadInt(Table, entry + StepStateLayout.BatchStart);
        TBackend.StoreInt(State, StepStateLayout.Step, step);
        TBackend.StoreInt(State, StepStateLayout.LearningRate, learningRate);
        TBackend.StoreInt(State, StepStateLayout.GradientScale, gradientScale);
        TBackend.StoreInt(State, StepStateLayout.Draw, draw);
        TBackend.StoreInt(State, StepStateLayout.BatchStart, batchStart);
        TBackend.StoreInt(Table, StepTableLayout.Next, next + 1);
    }
}
