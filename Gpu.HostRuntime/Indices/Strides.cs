namespace ILGPU;

/// <summary>How an index of a one-dimensional view maps to an element of its memory.</summary>
public interface IStride1D
{
    int XStride { get; }
    int ComputeElementIndex(Index1D index);
    long ComputeElementIndex(LongIndex1D index);
    long ComputeBufferLength(LongIndex1D extent);
}

/// <summary>The strides of one-dimensional views.</summary>
public static class Stride1D
{
    /// <summary>Neighbouring indices are neighbouring elements.</summary>
    public readonly struct Dense : IStride1D
    {
        public int XStride => 1;
        public int ComputeElementIndex(Index1D index) => index;
        public long ComputeElementIndex(LongIndex1D index) => index;
        public long ComputeBufferLength(LongIndex1D extent) => extent;
    }

    /// <summary>Neighbouring indices lie a fixed number of elements apart.</summary>
    public readonly struct General(Index1D stride) : IStride1D
    {
        public Index1D StrideExtent { get; } = stride;
        public int XStride => StrideExtent.X;
        public int ComputeElementIndex(Index1D index) => index * XStride;
        public long ComputeElementIndex(LongIndex1D index) => index * XStride;
        public long ComputeBufferLength(LongIndex1D extent) => extent * XStride;
    }
}
