using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Batches;

/// <summary>How one sample is changed: what <see cref="Augmentation"/> draws for it.</summary>
internal struct AugmentationSample
{
    /// <summary>Whether it is mirrored.</summary>
    public bool IsFlipped;

    /// <summary>Rows and columns from a pixel to the one that it comes from.</summary>
    public int RowShift, ColumnShift;

    /// <summary>Draws for a sample.</summary>
    /// <param name="stepState"><see cref="StepStateLayout"/>, of which the draw counts</param>
    /// <param name="sample">its number</param>
    /// <param name="seed0">low word of the seed</param>
    /// <param name="seed1">high word of the seed</param>
    /// <param name="flip">see <see cref="Augmentation.Flip"/></param>
    /// <param name="largestShift">see <see cref="Augmentation.Shift"/></param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AugmentationSample Draw<TBackend, TVector>(TBackend stepState, int sample, uint seed0, uint seed1, Flag flip, int largestShift)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        uint word0 = (uint)sample, word1 = (uint)TBackend.LoadInt(stepState, StepStateLayout.Draw), word2 = 0, word3 = 0;
        Philox.Generate(seed0, seed1, ref word0, ref word1, ref word2, ref word3);
        return new AugmentationSample
        {
            // The highest bit, asked for as a number: ILGPU writes the products of Philox as signed ones in OpenCL C, whose compiler then takes that bit for 0.
            IsFlipped = flip && Philox.ToUniform(word0) >= 0.5f,
            RowShift = (int)(Philox.ToUniform(word1) * (2 * largestShift + 1)) - largestShift,
            ColumnShift = (int)(Philox.ToUniform(word2) * (2 * largestShift + 1)) - largestShift,
        };
    }
}
