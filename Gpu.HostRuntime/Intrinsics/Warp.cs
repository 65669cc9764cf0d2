using System.Runtime.CompilerServices;
using ILGPU.Runtime.CPU;

namespace ILGPU;

/// <summary>
/// What the threads of a warp do together, with the meaning of CUDA's shuffles: a source lane outside of the (sub-)warp gives the
/// lane its own value, except that <c>Shuffle</c> wraps around. A lane that the last, incomplete warp of a group lacks gives 0xFF
/// bytes (NaN). The optional parameters are filled in by the compiler and name the place in error messages.
/// </summary>
public static unsafe class Warp
{
    public static int WarpSize => Carrier.Current.Scheduler.WarpSize;
    public static int LaneIdx => Carrier.Current.Thread & (WarpSize - 1);
    public static int WarpIdx => Carrier.Current.Thread / WarpSize;
    public static bool IsFirstLane => LaneIdx == 0;
    public static bool IsLastLane => LaneIdx == WarpSize - 1;

    /// <summary>Returns when every thread of the warp has come to this barrier.</summary>
    public static void Barrier([CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
    {
        var self = Carrier.Current;
        self.Scheduler.Meet(self, warp: true, new SyncPoint("Warp.Barrier", member, line));
    }

    /// <summary>The value of lane <paramref name="sourceLane"/>.</summary>
    public static T Shuffle<T>(T variable, int sourceLane, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => Shuffle(variable, sourceLane, WarpSize, member, line);
    public static T Shuffle<T>(T variable, int sourceLane, int width, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => Read(variable, FirstLane(width) + (sourceLane & (width - 1)), new SyncPoint("Warp.Shuffle", member, line));

    /// <summary>The value of the lane <paramref name="delta"/> above.</summary>
    public static T ShuffleDown<T>(T variable, int delta, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => ShuffleDown(variable, delta, WarpSize, member, line);
    public static T ShuffleDown<T>(T variable, int delta, int width, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => ReadInside(variable, LaneIdx + delta, width, new SyncPoint("Warp.ShuffleDown", member, line));

    /// <summary>The value of the lane <paramref name="delta"/> below.</summary>
    public static T ShuffleUp<T>(T variable, int delta, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => ShuffleUp(variable, delta, WarpSize, member, line);
    public static T ShuffleUp<T>(T variable, int delta, int width, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => ReadInside(variable, LaneIdx - delta, width, new SyncPoint("Warp.ShuffleUp", member, line));

    /// <summary>The value of the lane whose index differs in the bits of <paramref name="mask"/>.</summary>
    public static T ShuffleXor<T>(T variable, int mask, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => ShuffleXor(variable, mask, WarpSize, member, line);
    public static T ShuffleXor<T>(T variable, int mask, int width, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => ReadInside(variable, LaneIdx ^ mask, width, new SyncPoint("Warp.ShuffleXor", member, line));

    /// <summary>The value of lane <paramref name="sourceLane"/>, which must be the same in all lanes.</summary>
    public static T Broadcast<T>(T value, int sourceLane, [CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => Read(value, sourceLane & (WarpSize - 1), new SyncPoint("Warp.Broadcast", member, line));

    /// <summary>0xFF bytes, for results that a GPU leaves undefined.</summary>
    internal static T Undefined<T>() where T : unmanaged
    {
        T value;
        new Span<byte>(&value, sizeof(T)).Fill(0xFF);
        return value;
    }

    private static int FirstLane(int width) => width > 0 && width <= WarpSize && int.IsPow2(width)
        ? LaneIdx & -width
        : throw new ArgumentOutOfRangeException(nameof(width), width, $"The width of a shuffle must be a power of two up to {WarpSize}.");

    private static T ReadInside<T>(T value, int lane, int width, in SyncPoint point) where T : unmanaged
    {
        var first = FirstLane(width);
        return Read(value, lane < first || lane >= first + width ? LaneIdx : lane, point);
    }

    private static T Read<T>(T value, int lane, in SyncPoint point) where T : unmanaged
    {
        var self = Carrier.Current;
        var values = self.Scheduler.Exchange(self, warp: true, value, point);
        return lane < self.Scheduler.WarpThreads(self.Thread) ? values[WarpIdx * WarpSize + lane] : Undefined<T>();
    }
}
