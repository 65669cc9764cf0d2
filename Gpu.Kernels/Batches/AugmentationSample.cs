using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Batches;

/// <summary>The random changes of one sample; see <see cref="Augmentation"/>.</summary>
internal struct AugmentationSample
{
    /// <summary>Whether the sample is flipped left to right.</summary>
    public bool IsFlipped;

    /// <summary>Rows and columns from a pixel of the output to the pixel of the input that it is copied from.</summary>
    public int RowShift, ColumnShift;

    /// <summary>Draws the changes of a sample.</summary>
    /// <param name="stepState">the step state, of which the draw is used; see <see cref="StepStateLayout"/></param>
    /// <param name="sample">the index of the sample in the data set</param>
    /// <param name="seed0">low word of the seed</param>
    /// <param name="seed1">high word of the seed</param>
    /// <param name="flip">see <see cref="Augmentation.Flip"/></param>
    /// <param name="drawsPerEpoch">see <see cref="Augmentation.DrawsPerEpoch"/></param>
    /// <param name="maxShift">see <see cref="Augmentation.Shift"/></param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AugmentationSample Draw<TBackend, TVector>(TBackend stepState, int sample, uint seed0, uint seed1, Flag flip, int drawsPerEpoch, int maxShift)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var draw = TBackend.LoadInt(stepState, StepStateLayout.Draw);
        uint word0 = (uint)sample, word1 = (uint)draw, word2 = 0, word3 = 0;
        Philox.Generate(seed0, seed1, ref word0, ref word1, ref word2, ref word3);
        // Computed, not chosen in a branch: ILGPU's O2 takes a value that a branch chose for the same in all threads.
        var alternates = (float)Math.Min(drawsPerEpoch, 1);
        var flipDraw = Philox.ToUniform(word0);
        flipDraw += alternates * (AlternatingFlip(sample, seed0, draw / Math.Max(drawsPerEpoch, 1)) - flipDraw);
        return new AugmentationSample
        {
            // Tests the highest bit as a number: ILGPU treats the products of Philox as signed in OpenCL C, and its compiler then assumes that this bit is 0.
            IsFlipped = flip && flipDraw >= 0.5f,
            RowShift = (int)(Philox.ToUniform(word1) * (2 * maxShift + 1)) - maxShift,
            ColumnShift = (int)(Philox.ToUniform(word2) * (2 * maxShift + 1)) - maxShift,
        };
    }

    /// <summary>The row or column that a shift reads: itself inside of the image, and outside its reflection, if there is one.</summary>
    /// <param name="at">the row or column; less than <paramref name="size"/> outside the image</param>
    /// <param name="size">rows or columns of the image</param>
    /// <param name="reflects">1 to reflect, 0 not to</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Reflected(int at, int size, int reflects)
    {
        // Computed, as above. An inner row stays what it is.
        var last = size - 1;
        return at + reflects * (last - Math.Abs(last - Math.Abs(at)) - at);
    }

    // 1 if a sample is flipped in an epoch, else 0: half of the samples in even epochs, the others in odd ones. The finalizer of MurmurHash3 chooses the half.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float AlternatingFlip(int sample, uint seed, int epoch)
    {
        var hash = (uint)sample ^ seed;
        hash = (hash ^ (hash >> 16)) * 0x85EBCA6B;
        hash = (hash ^ (hash >> 13)) * 0xC2B2AE35;
        var half = (int)((hash ^ (hash >> 16)) & 1);
        return half ^ (epoch & 1);
    }
}
