using Gpu.Kernels.Machines;
using ILGPU;

namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>What a lane of <see cref="EmulatedUnit{TFormat}"/> multiplies by: columns 2 t and 2 t + 1 of fragments 0 and 1, 2 and 3, 4 and 5, 6 and 7, at one k.</summary>
internal struct FragmentColumns
{
    public Float4 Pair0, Pair1, Pair2, Pair3;
}

/// <summary>A lane's sums of eight fragments side by side: rows g and g + 8 by columns 2 t and 2 t + 1 of each.</summary>
internal struct FragmentRow
{
    private Float4 _f0, _f1, _f2, _f3, _f4, _f5, _f6, _f7;

    /// <summary>Adds the products of one k with the rows' values.</summary>
    public void Add(FragmentColumns columns, float upper, float lower)
    {
        Add(ref _f0, ref _f1, columns.Pair0, upper, lower);
        Add(ref _f2, ref _f3, columns.Pair1, upper, lower);
        Add(ref _f4, ref _f5, columns.Pair2, upper, lower);
        Add(ref _f6, ref _f7, columns.Pair3, upper, lower);
    }

    /// <summary>Writes the sums where <see cref="IMatrixUnit.Spill"/> says.</summary>
    public readonly void Spill(ArrayView<float> shared, int place, int stride, bool wide)
    {
        Spill(shared, place, stride, _f0);
        Spill(shared, place + 8, stride, _f1);
        Spill(shared, place + 16, stride, _f2);
        Spill(shared, place + 24, stride, _f3);
        if (!wide) return;
        Spill(shared, place + 32, stride, _f4);
        Spill(shared, place + 40, stride, _f5);
        Spill(shared, place + 48, stride, _f6);
        Spill(shared, place + 56, stride, _f7);
    }

    private static void Add(ref Float4 left, ref Float4 right, Float4 columns, float upper, float lower)
    {
        left = new(left.X + upper * columns.X, left.Y + upper * columns.Y, left.Z + lower * columns.X, left.W + lower * columns.Y);
        right = new(right.X + upper * columns.Z, right.Y + upper * columns.W, right.Z + lower * columns.Z, right.W + lower * columns.W);
    }

    private static void Spill(ArrayView<float> shared, int place, int stride, Float4 sums)
    {
        shared[place] = sums.X;
        shared[place + 1] = sums.Y;
        shared[place + 8 * stride] = sums.Z;
        shared[place + 8 * stride + 1] = sums.W;
    }
}
