using System.Runtime.CompilerServices;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime.CPU;

namespace ILGPU.Algorithms;

/// <summary>
/// Reductions over a warp, here in the order of its lanes (a GPU has another order, so floating-point sums differ in their last bits).
/// The optional parameters are filled in by the compiler and name the place in error messages.
/// </summary>
public static unsafe class WarpExtensions
{
    /// <summary>The reduced value in lane 0; the other lanes get 0xFF bytes, because on a GPU they get anything.</summary>
    public static T Reduce<T, TReduction>(T value, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged where TReduction : struct, IScanReduceOperation<T>
    {
        var result = AllReduce<T, TReduction>(value, member, line);
        return Warp.IsFirstLane ? result : Warp.Undefined<T>();
    }

    /// <summary>The reduced value in all lanes.</summary>
    public static T AllReduce<T, TReduction>(T value, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged where TReduction : struct, IScanReduceOperation<T> =>
        Scan<T, TReduction>(value, Warp.WarpSize, "WarpExtensions.Reduce", member, line);

    /// <summary>The reduction of the lanes below; the identity in lane 0.</summary>
    public static T ExclusiveScan<T, TScan>(T value, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged where TScan : struct, IScanReduceOperation<T> => Scan<T, TScan>(value, Warp.LaneIdx, "WarpExtensions.Scan", member, line);

    /// <summary>The reduction of the lanes up to and with this one.</summary>
    public static T InclusiveScan<T, TScan>(T value, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged where TScan : struct, IScanReduceOperation<T> => Scan<T, TScan>(value, Warp.LaneIdx + 1, "WarpExtensions.Scan", member, line);

    private static T Scan<T, TScan>(T value, int lanes, string name, string member, int line)
        where T : unmanaged where TScan : struct, IScanReduceOperation<T>
    {
        var self = Carrier.Current;
        var values = self.Scheduler.Exchange(self, warp: true, value, new SyncPoint(name, member, line));
        var available = Math.Min(lanes, self.Scheduler.WarpThreads(self.Thread));
        return GroupExtensions.Fold<T, TScan>(values + self.Thread / Warp.WarpSize * Warp.WarpSize, available);
    }
}

/// <summary>
/// Reductions over a group, here in the order of its threads. (On a GPU the warps are added atomically: floating-point sums
/// differ from launch to launch there.)
/// </summary>
public static unsafe class GroupExtensions
{
    /// <summary>The reduced value in the first thread; the others get 0xFF bytes, because they may not rely on it.</summary>
    public static T Reduce<T, TReduction>(T value, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged where TReduction : struct, IScanReduceOperation<T>
    {
        var result = AllReduce<T, TReduction>(value, member, line);
        return Group.IsFirstThread ? result : Warp.Undefined<T>();
    }

    /// <summary>The reduced value in all threads of the group.</summary>
    public static T AllReduce<T, TReduction>(T value, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged where TReduction : struct, IScanReduceOperation<T> =>
        Scan<T, TReduction>(value, Group.Dimension.Size, "GroupExtensions.Reduce", member, line);

    /// <summary>The reduction of the threads before; the identity in the first thread.</summary>
    public static T ExclusiveScan<T, TScanOperation>(T value, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged where TScanOperation : struct, IScanReduceOperation<T> =>
        Scan<T, TScanOperation>(value, Group.LinearIndex, "GroupExtensions.Scan", member, line);

    /// <summary>The reduction of the threads up to and with this one.</summary>
    public static T InclusiveScan<T, TScanOperation>(T value, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged where TScanOperation : struct, IScanReduceOperation<T> =>
        Scan<T, TScanOperation>(value, Group.LinearIndex + 1, "GroupExtensions.Scan", member, line);

    internal static T Fold<T, TOperation>(T* values, int count) where T : unmanaged where TOperation : struct, IScanReduceOperation<T>
    {
        var result = default(TOperation).Identity;
        for (var i = 0; i < count; i++)
            result = default(TOperation).Apply(result, values[i]);
        return result;
    }

    private static T Scan<T, TScan>(T value, int threads, string name, string member, int line)
        where T : unmanaged where TScan : struct, IScanReduceOperation<T>
    {
        var self = Carrier.Current;
        return Fold<T, TScan>(self.Scheduler.Exchange(self, warp: false, value, new SyncPoint(name, member, line)), threads);
    }
}
