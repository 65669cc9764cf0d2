using System.Runtime.CompilerServices;
using ILGPU.Runtime.CPU;

namespace ILGPU;

/// <summary>
/// Where the calling thread is in its group, and what all threads of a group do together. The optional parameters are filled in
/// by the compiler and name the place in error messages.
/// </summary>
public static unsafe class Group
{
    public static int IdxX => Carrier.Current.GroupX;
    public static int IdxY => Carrier.Current.GroupY;
    public static int IdxZ => Carrier.Current.GroupZ;
    public static int DimX => Carrier.Current.GroupDimX;
    public static int DimY => Carrier.Current.GroupDimY;
    public static int DimZ => Carrier.Current.GroupDimZ;
    public static Index3D Index => Carrier.Current.GroupIndex;
    public static Index3D Dimension => new(DimX, DimY, DimZ);
    public static int LinearIndex => Carrier.Current.Thread;
    public static bool IsFirstThread => LinearIndex == 0;
    public static bool IsLastThread => LinearIndex == Dimension.Size - 1;

    /// <summary>Returns when every thread of the group has come to this barrier.</summary>
    public static void Barrier([CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
    {
        var self = Carrier.Current;
        self.Scheduler.Meet(self, warp: false, new SyncPoint("Group.Barrier", member, line));
    }

    /// <summary>A barrier that counts the threads for which the predicate holds.</summary>
    public static int BarrierPopCount(bool predicate, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0) =>
        CountTrue(predicate, new SyncPoint("Group.BarrierPopCount", member, line));

    public static bool BarrierAnd(bool predicate, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0) =>
        CountTrue(predicate, new SyncPoint("Group.BarrierAnd", member, line)) == Dimension.Size;

    public static bool BarrierOr(bool predicate, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0) =>
        CountTrue(predicate, new SyncPoint("Group.BarrierOr", member, line)) > 0;

    /// <summary>The value of the thread with linear index <paramref name="groupIndex"/>, in all threads of the group.</summary>
    public static T Broadcast<T>(T value, int groupIndex, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged
    {
        var self = Carrier.Current;
        if (groupIndex < 0 || groupIndex >= Dimension.Size)
            throw new ArgumentOutOfRangeException(nameof(groupIndex), groupIndex, $"The group has {Dimension.Size} threads.");
        return self.Scheduler.Exchange(self, warp: false, value, new SyncPoint("Group.Broadcast", member, line))[groupIndex];
    }

    private static int CountTrue(bool predicate, in SyncPoint point)
    {
        var self = Carrier.Current;
        var values = self.Scheduler.Exchange(self, warp: false, predicate, point);
        var count = 0;
        for (var thread = 0; thread < Dimension.Size; thread++)
            count += values[thread] ? 1 : 0;
        return count;
    }
}
