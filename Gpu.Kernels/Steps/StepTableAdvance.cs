using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Steps;

/// <summary>Copies the next entry of the table to the step state. One item.</summary>
internal struct StepTableAdvance<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="StepTableLayout"/>, and <see cref="StepStateLayout"/>.</summary>
    public TBackend Table, State;

    /// <summary>Entries of the table. After the last entry has run, it runs again: no index leaves the table.</summary>
    public int Entries;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var next = Math.Max(0, Math.Min(TBackend.LoadInt(Table, StepTableLayout.Next), Entries - 1));
        var entry = StepTableLayout.Entries + next * StepTableLayout.EntryWords;
        // All loads come before the first store, so that they are in flight together on a GPU.
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
