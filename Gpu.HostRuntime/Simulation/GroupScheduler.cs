using System.Runtime.CompilerServices;

namespace ILGPU.Runtime.CPU;

/// <summary>
/// Runs the threads of one group, exactly one at a time and in a fixed order. Threads start in order on the carrier of the worker. A
/// thread that has to wait for others keeps its carrier, and a carrier from the pool goes on in its place: so threads that
/// never wait cost a call each. Whoever runs holds the baton: only it touches the state of the scheduler.
/// </summary>
internal sealed partial class GroupScheduler
{
    private readonly Carrier _worker = new();
    private readonly Queue<Carrier> _ready = new();
    private Carrier?[] _waiting = [];
    private Rendezvous[] _warps = [];
    private Rendezvous _group;
    private CarrierPool? _pool;
    private KernelLaunch _launch = null!;
    private Action _body = null!;
    private Index3D _gridIndex;
    private int _count, _next, _unfinished;
    private bool _cooperative;
    private KernelFaultException? _fault;

    public int WarpSize { get; private set; }
    public int WarpThreads(int thread) => _warps[thread / WarpSize].Threads;

    /// <summary>Runs some groups of a launch on the calling thread, until one fails.</summary>
    public void RunGroups(KernelLaunch launch, long first, long end)
    {
        _launch = launch;
        _body = launch.Body;
        WarpSize = launch.Accelerator.WarpSize;
        Carrier.Enter(_worker);
        try
        {
            for (var group = first; group < end && launch.IsWanted(group); group++)
            {
                if (RunGroup(group) is { } fault)
                    launch.Report(group, fault);
            }
        }
        finally
        {
            Carrier.Leave();
            (_launch, _body, _fault) = (null!, null!, null);
        }
    }

    private KernelFaultException? RunGroup(long group)
    {
        _gridIndex = _launch.GridIndex(group);
        _count = _launch.ThreadsOf(group);
        (_next, _unfinished, _cooperative, _fault) = (0, 0, false, null);
        BeginSharedMemory();
        _worker.BindTo(this, _gridIndex, _launch.Config);
        if (!RunThreads(_worker))
            _worker.Sleep();
        if (_pool is not null)
            CarrierPool.Release(_pool);
        _pool = null;
        return _fault;
    }

    /// <summary>
    /// Runs threads on a carrier that carries none. Returns true on the worker's carrier when the group has ended; false
    /// when the baton went to somebody else.
    /// </summary>
    public bool RunThreads(Carrier self)
    {
        while (true)
        {
            if (_ready.TryDequeue(out var ready))
            {
                Retire(self);
                ready.Resume();
                return false;
            }
            if (_next < _count && _fault is null)
            {
                RunThread(self, _next++);
            }
            else if (_unfinished == 0)
            {
                if (self == _worker)
                    return true;
                Retire(self);
                _worker.Resume();
                return false;
            }
            else
            {
                Fail(Array.Find(_waiting, carrier => carrier is not null)!, Deadlock());
            }
        }
    }

    private void Retire(Carrier carrier)
    {
        if (carrier != _worker)
            _pool!.Return(carrier);
    }

    private void RunThread(Carrier self, int thread)
    {
        self.BeginThread(thread);
        _unfinished++;
        try
        {
            _body();
            if (_cooperative)
                Finish(thread);
        }
        catch (GroupAbortedException)
        {
            // Another thread failed; this one was woken to end.
        }
        catch (Exception exception)
        {
            Fail(self, exception);
        }
        _unfinished--;
    }

    private void Fail(Carrier carrier, Exception cause)
    {
        _fault ??= new KernelFaultException(_launch.KernelName, _gridIndex, carrier.GroupIndex, _launch.Config, cause);
        for (var thread = 0; thread < _waiting.Length; thread++)
        {
            if (_waiting[thread] is { } waiting)
                _ready.Enqueue(waiting);
            _waiting[thread] = null;
        }
    }

    // Threads that wait for each other

    /// <summary>Returns when all threads of the warp or the group have come to this point.</summary>
    public void Meet(Carrier self, bool warp, in SyncPoint point)
    {
        if (!_cooperative)
            BeginCooperation(self.Thread);
        ref var place = ref Place(self.Thread, warp);
        if (place.Finished > 0)
            throw Abandoned(place with { Point = point, FirstArrived = self.Thread, Arrived = place.Arrived + 1 }, warp);
        if (place.Arrived == 0)
        {
            place.Point = point;
            place.FirstArrived = self.Thread;
        }
        else if (place.Point != point)
        {
            throw new InvalidOperationException($"Threads of one {Scope(warp)} wait at different operations: thread {place.FirstArrived} at " +
                $"{place.Point}, thread {self.Thread} at {point}. All of them must come to the same one.");
        }
        if (++place.Arrived < place.Threads)
        {
            Wait(self);
            return;
        }
        place.Arrived = 0;
        place.Meetings++;
        for (var thread = place.FirstThread; thread < place.FirstThread + place.Threads; thread++)
        {
            if (thread == self.Thread)
                continue;
            _ready.Enqueue(_waiting[thread]!);
            _waiting[thread] = null;
        }
    }

    private void Wait(Carrier self)
    {
        if (!_ready.TryDequeue(out var next) && _next < _count)
        {
            next = (_pool ??= CarrierPool.Acquire()).Rent();
            next.BindTo(this, _gridIndex, _launch.Config);
        }
        _waiting[self.Thread] = self;
        if (next is null)
        {
            Fail(self, Deadlock());
            next = _ready.Dequeue();
        }
        next.Resume();
        self.Sleep();
        if (_fault is not null)
            throw new GroupAbortedException();
    }

    private void Finish(int thread)
    {
        FinishAt(ref _warps[thread / WarpSize], warp: true);
        FinishAt(ref _group, warp: false);
    }

    private static void FinishAt(ref Rendezvous place, bool warp)
    {
        place.Finished++;
        if (place.Arrived > 0)
            throw Abandoned(place, warp);
    }

    private ref Rendezvous Place(int thread, bool warp)
    {
        if (warp)
            return ref _warps[thread / WarpSize];
        return ref _group;
    }

    // Threads start in order and so far none has waited: all before this one have finished.
    private void BeginCooperation(int finished)
    {
        _cooperative = true;
        _group = new Rendezvous { Threads = _count, Finished = finished };
        if (_waiting.Length != _count)
            _waiting = new Carrier?[_count];
        var warps = (_count + WarpSize - 1) / WarpSize;
        if (_warps.Length < warps)
            _warps = new Rendezvous[warps];
        for (var warp = 0; warp < warps; warp++)
        {
            var first = warp * WarpSize;
            var threads = Math.Min(WarpSize, _count - first);
            _warps[warp] = new Rendezvous { FirstThread = first, Threads = threads, Finished = Math.Clamp(finished - first, 0, threads) };
        }
    }

    private static string Scope(bool warp) => warp ? "warp" : "group";

    private static InvalidOperationException Abandoned(in Rendezvous place, bool warp) => new(
        $"{place.Arrived} of the {place.Threads} threads of a {Scope(warp)} came to {place.Point}, thread {place.FirstArrived} first, but another one " +
        $"has finished without. Every thread of the {Scope(warp)} must reach it: do not return early and do not put it inside a condition.");

    private InvalidOperationException Deadlock()
    {
        var places = _warps.Take((_count + WarpSize - 1) / WarpSize).Append(_group).Where(place => place.Arrived > 0)
            .Select(place => $"{place.Arrived} of {place.Threads} at {place.Point}").Distinct();
        return new InvalidOperationException($"The threads of a group wait for each other forever: {string.Join(", ", places)}.");
    }

    private sealed class GroupAbortedException : Exception;
}
