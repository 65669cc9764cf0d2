using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Steps;

/// <summary>Moves the step state to the next entry of its table; one item.</summary>
public struct StepAdvance<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="StepTableWords"/>, and <see cref="Launching.StepState"/>.</summary>
    public TMachine Table, State;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var next = TMachine.LoadInt(Table, StepTableWords.Next);
        var entry = StepTableWords.Entries + next * StepTableWords.EntryWords;
        // All are read before the first is written: on a GPU the reads are then under way together.
        var step = TMachine.LoadInt(Table, entry + StepState.Step);
        var learningRate = TMachine.LoadInt(Table, entry + StepState.LearningRate);
        var gradientScale = TMachine.LoadInt(Table, entry + StepState.GradientScale);
        var draw = TMachine.LoadInt(Table, entry + StepState.Draw);
        var batchStart = TMachine.LoadInt(Table, entry + StepState.BatchStart);
        TMachine.StoreInt(State, StepState.Step, step);
        TMachine.StoreInt(State, StepState.LearningRate, learningRate);
        TMachine.StoreInt(State, StepState.GradientScale, gradientScale);
        TMachine.StoreInt(State, StepState.Draw, draw);
        TMachine.StoreInt(State, StepState.BatchStart, batchStart);
        TMachine.StoreInt(Table, StepTableWords.Next, next + 1);
    }
}
