using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>The six rows of a band of tiles of <see cref="DirectConv2d{TBackend,TVector,TActivation}"/>, as their pixels in column 0 stand.</summary>
internal struct DirectConv2dRows
{
    /// <summary>Input word of each row's first tap.</summary>
    public int Source0, Source1, Source2, Source3, Source4, Source5;

    /// <summary>Input row of each row's first tap.</summary>
    public int Y0, Y1, Y2, Y3, Y4, Y5;

    /// <summary>Output word of each row.</summary>
    public int Target0, Target1, Target2, Target3, Target4, Target5;

    /// <summary>Rows that are written; six or more for all.</summary>
    public int Count;

    /// <summary>Whether no tap of any row lies above or below the input.</summary>
    public Flag Inside;
}
