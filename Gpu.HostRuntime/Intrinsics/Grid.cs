using ILGPU.Runtime.CPU;

namespace ILGPU;

/// <summary>Where the group of the calling thread is in the grid. All of it counts in groups, except the global indices.</summary>
public static class Grid
{
    public static int IdxX => Carrier.Current.GridX;
    public static int IdxY => Carrier.Current.GridY;
    public static int IdxZ => Carrier.Current.GridZ;
    public static int DimX => Carrier.Current.GridDimX;
    public static int DimY => Carrier.Current.GridDimY;
    public static int DimZ => Carrier.Current.GridDimZ;
    public static Index3D Index => Carrier.Current.GridIndex;
    public static Index3D Dimension => new(DimX, DimY, DimZ);
    public static int LinearIndex => IdxX + DimX * (IdxY + DimY * IdxZ);

    /// <summary>The index of the thread in the whole grid.</summary>
    public static Index3D GlobalIndex
    {
        get
        {
            var t = Carrier.Current;
            return new Index3D(t.GridX * t.GroupDimX + t.GroupX, t.GridY * t.GroupDimY + t.GroupY, t.GridZ * t.GroupDimZ + t.GroupZ);
        }
    }

    public static LongIndex3D LongGlobalIndex
    {
        get
        {
            var t = Carrier.Current;
            return new LongIndex3D(
                (long)t.GridX * t.GroupDimX + t.GroupX, (long)t.GridY * t.GroupDimY + t.GroupY, (long)t.GridZ * t.GroupDimZ + t.GroupZ);
        }
    }

    /// <summary>The index of the group times the threads of a group, plus the index of the thread in its group.</summary>
    public static int GlobalLinearIndex => LinearIndex * Group.Dimension.Size + Group.LinearIndex;
}
