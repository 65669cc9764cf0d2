// Runs blocks warp by warp. Lanes of a warp go in lockstep; a stack of paths holds those that wait for the others at the end of a divergent branch.
#include "Execution.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "DeviceMemory.h"
#include "Meter.h"
#include "Profile.h"

namespace emulator {

void Fail(const Execution& e, const Instruction& i, Result code, const std::string& what) {
    std::string where = e.Program->Name + " block (" + std::to_string(e.Block.X) + "," + std::to_string(e.Block.Y) + "," + std::to_string(e.Block.Z) + ") warp "
        + std::to_string(e.Turn ? e.Turn->Index : 0) + ", PTX line " + std::to_string(i.Line) + ": " + e.Program->Text[i.Index];
    throw Trap(code, what + "\n  in " + where);
}

namespace {

u32 GuardLanes(const Execution& e, const Instruction& i, u32 lanes) {
    if (i.Guard < 0) return lanes;
    auto* p = e.In(i.Guard).w;
    u32 mask = 0;
    for (int l = 0; l < WarpSize; l++) mask |= (p[l] & 1u) << l;
    return lanes & (i.GuardNegated ? ~mask : mask);
}

void Retire(Warp& warp, u32 lanes) {
    warp.Live &= ~lanes;
    for (auto& path : warp.Paths) path.Lanes &= ~lanes;
}

// The top path splits: `lanes` go to `target`, the rest on to the next instruction; they meet at the branch's Rejoin.
void Diverge(Warp& warp, const Instruction& i, u32 lanes, u32 target) {
    Path& top = warp.Paths.back();
    u32 rest = top.Lanes & ~lanes, next = top.Pc + 1, meet = i.Rejoin;
    if (top.Rejoin == meet) warp.Paths.pop_back();
    else top.Pc = meet;
    if (rest && next != meet) warp.Paths.push_back({next, meet, rest});
    if (lanes && target != meet) warp.Paths.push_back({target, meet, lanes});
}

void BranchIndexed(Execution& e, Warp& warp, const Instruction& i, u32 lanes) {
    auto& table = e.Program->Tables[i.Table];
    auto* index = e.In(i.Op[0]).w;
    u32 first = index[__builtin_ctz(lanes)], same = 0;
    for (u32 rest = lanes; rest; rest &= rest - 1) {
        int l = __builtin_ctz(rest);
        if (index[l] >= table.size()) Fail(e, i, IllegalInstruction, "index " + std::to_string(index[l]) + " beyond the list of branch targets");
        same |= (u32)(index[l] == first) << l;
    }

    Path& top = warp.Paths.back();
    if (same == top.Lanes) {
        top.Pc = table[first];
        return;
    }

    if (i.Uniform) Fail(e, i, IllegalInstruction, "a uniform indexed branch whose index differs between the lanes");
    u32 meet = i.Rejoin, next = top.Pc + 1, skipped = top.Lanes & ~lanes;
    if (top.Rejoin == meet) warp.Paths.pop_back();
    else top.Pc = meet;
    if (skipped && next != meet) warp.Paths.push_back({next, meet, skipped});
    for (u32 rest = lanes; rest;) {
        u32 value = index[__builtin_ctz(rest)], group = 0;
        for (u32 k = rest; k; k &= k - 1)
            if (index[__builtin_ctz(k)] == value) group |= k & -k;
        if (table[value] != meet) warp.Paths.push_back({table[value], meet, group});
        rest &= ~group;
    }
}

// Until the warp stands at a barrier or has ended.
template <bool Metered>
void RunWarp(Execution& e, Warp& warp) {
    e.Turn = &warp;
    warp.State = WarpState::Ready;
    const Instruction* code = e.Program->Code.data();
    const u32 end = (u32)e.Program->Code.size();
    while (!warp.Paths.empty()) {
        Path& path = warp.Paths.back();
        if (path.Lanes == 0 || path.Pc == path.Rejoin || path.Pc >= end) {
            if (path.Pc >= end && path.Lanes) Retire(warp, path.Lanes);
            warp.Paths.pop_back();
            continue;
        }

        const Instruction& i = code[path.Pc];
        u32 lanes = GuardLanes(e, i, path.Lanes);
        if (Metered && (lanes || i.Kind != Flow::Next)) e.Observer->Note(e, i, lanes);
        switch (i.Kind) {
            case Flow::Next:
                if (lanes) i.Run(e, i, lanes);
                path.Pc++;
                break;
            case Flow::Branch:
                if (lanes == path.Lanes) path.Pc = i.Target;
                else if (lanes == 0) path.Pc++;
                else if (i.Uniform) Fail(e, i, IllegalInstruction, "a uniform branch that some of the active lanes take and others do not");
                else Diverge(warp, i, lanes, i.Target);
                break;
            case Flow::BranchIndexed:
                if (lanes == 0) path.Pc++;
                else BranchIndexed(e, warp, i, lanes);
                break;
            case Flow::Exit:
                path.Pc++;
                Retire(warp, lanes);
                break;
            default:
                if (lanes != warp.Live) Fail(e, i, LaunchFailed, "a barrier that only some lanes of the warp have reached");
                if (warp.Live != warp.Lanes) Fail(e, i, LaunchFailed, "a barrier after threads of the warp have returned");
                path.Pc++;
                warp.Waiting = &i;
                warp.State = WarpState::AtBarrier;
                return;
        }
    }

    warp.State = WarpState::Done;
}

// All warps stand at the same barrier; those that ended never come.
void Release(Execution& e) {
    const Instruction* barrier = nullptr;
    Warp* ended = nullptr;
    e.Votes = e.Voters = 0;
    for (auto& warp : e.Warps) {
        if (warp.State == WarpState::Done) {
            ended = &warp;
            continue;
        }
        e.Turn = &warp;
        if (barrier && barrier != warp.Waiting) Fail(e, *warp.Waiting, LaunchFailed, "warps of a block wait at different barriers, another at line " + std::to_string(barrier->Line));
        barrier = warp.Waiting;
        if (barrier->Kind == Flow::BarrierReduction) {
            auto* p = e.In(barrier->Op[1]).w;
            for (int l = 0; l < WarpSize; l++)
                if (warp.Live >> l & 1) e.Votes += p[l] & 1, e.Voters++;
        }
    }

    if (ended && barrier) Fail(e, *barrier, LaunchFailed, "a barrier that warp " + std::to_string(ended->Index) + " never reaches: it has ended");
    e.Phase++;
    if (!barrier || barrier->Kind != Flow::BarrierReduction) return;
    u32 value = barrier->Mode == 0 ? e.Votes : barrier->Mode == 1 ? e.Votes == e.Voters : e.Votes != 0;
    for (auto& warp : e.Warps)
        for (int l = 0; l < WarpSize; l++)
            if (warp.Live >> l & 1) warp.Slots[barrier->Op[0]].w[l] = value;
}

void SetSpecials(Execution& e, Warp& warp, Size3 at) {
    auto& order = *e.Order;
    auto fill = [&](s32 slot, u32 value) {
        for (int l = 0; l < WarpSize; l++) warp.Slots[slot].w[l] = value;
    };
    for (int l = 0; l < WarpSize; l++) {
        u32 thread = warp.Index * WarpSize + (u32)l;
        warp.Slots[TidX].w[l] = thread % order.Block.X;
        warp.Slots[TidY].w[l] = thread / order.Block.X % order.Block.Y;
        warp.Slots[TidZ].w[l] = thread / order.Block.X / order.Block.Y;
        warp.Slots[LaneId].w[l] = (u32)l;
        u32 bit = 1u << l;
        warp.Slots[LaneMaskEq].w[l] = bit;
        warp.Slots[LaneMaskLt].w[l] = bit - 1;
        warp.Slots[LaneMaskLe].w[l] = bit | (bit - 1);
        warp.Slots[LaneMaskGt].w[l] = ~(bit | (bit - 1));
        warp.Slots[LaneMaskGe].w[l] = ~(bit - 1);
    }

    fill(NTidX, order.Block.X), fill(NTidY, order.Block.Y), fill(NTidZ, order.Block.Z);
    fill(CtaX, at.X), fill(CtaY, at.Y), fill(CtaZ, at.Z);
    fill(NCtaX, order.Grid.X), fill(NCtaY, order.Grid.Y), fill(NCtaZ, order.Grid.Z);
    fill(WarpId, warp.Index), fill(NWarpId, (u32)e.Warps.size()), fill(SmId, 0), fill(Clock, 0), fill(DynamicSharedSize, order.DynamicShared);
}

void RunBlock(Execution& e, u64 number) {
    auto& order = *e.Order;
    e.Block = {(u32)(number % order.Grid.X), (u32)(number / order.Grid.X % order.Grid.Y), (u32)(number / order.Grid.X / order.Grid.Y)};
    e.Phase = 0;
    std::memset(e.Shared.data(), 0xff, e.Shared.size());
    std::fill(e.Shadows.begin(), e.Shadows.end(), Shadow{});
    u32 threads = (u32)order.Block.Count();
    for (auto& warp : e.Warps) {
        u32 count = std::min<u32>(WarpSize, threads - warp.Index * WarpSize);
        warp.Live = warp.Lanes = count == WarpSize ? AllLanes : (1u << count) - 1;
        warp.Paths.assign(1, {0, (u32)e.Program->Code.size() + 1, warp.Live});
        warp.Copies.clear();
        std::memset(warp.Committed, 0, sizeof(warp.Committed));
        SetSpecials(e, warp, e.Block);
    }

    while (true) {
        bool any = false;
        for (auto& warp : e.Warps) {
            if (warp.State == WarpState::Done) continue;
            if (e.Observer) RunWarp<true>(e, warp);
            else RunWarp<false>(e, warp);
            any |= warp.State != WarpState::Done;
        }
        if (!any) break;
        Release(e);
        if (e.Observer) e.Observer->Release(e.Warps);
    }

    for (auto& warp : e.Warps) warp.State = WarpState::Ready;
}

struct Grid {
    const Launch* Order;
    std::shared_ptr<LaunchProfile> Profile;
    std::atomic<u64> Next{0};
    std::mutex Gate;
    std::unique_ptr<Trap> Error;
};

void Prepare(Execution& e, const Launch& launch) {
    auto& kernel = *launch.Program;
    e.Program = &kernel;
    e.Order = &launch;
    e.SharedBytes = launch.DynamicShared ? (kernel.StaticShared + 15) / 16 * 16 + launch.DynamicShared : kernel.StaticShared;
    e.Shared.resize(e.SharedBytes + 16);
    e.Shadows.assign(e.SharedBytes / 4 + 4, {});
    e.Ranges.assign(kernel.Code.size(), {});
    u32 warps = ((u32)launch.Block.Count() + WarpSize - 1) / WarpSize;
    e.Warps.resize(warps);
    e.Slots.resize(std::max<std::size_t>(e.Slots.size(), (std::size_t)warps * kernel.Slots));
    if (kernel.LocalBytes) e.Local.resize((std::size_t)warps * WarpSize * kernel.LocalBytes);
    for (u32 w = 0; w < warps; w++) {
        e.Warps[w].Index = w;
        e.Warps[w].State = WarpState::Ready;
        e.Warps[w].Slots = e.Slots.data() + (std::size_t)w * kernel.Slots;
        e.Warps[w].Local = e.Local.data() + (std::size_t)w * WarpSize * kernel.LocalBytes;
    }

    e.MaskLanes = 0;
    std::memset(e.Mask, 0, sizeof(e.Mask));
}

void Work(Execution& e, Grid& grid) {
    try {
        Prepare(e, *grid.Order);
        u64 count = grid.Order->Grid.Count();
        for (u64 k; (k = grid.Next.fetch_add(1)) < count;) {
            e.Observer = grid.Profile ? MeterFor(*grid.Profile, e, k) : nullptr;
            if (e.Observer || !SampleOnly) RunBlock(e, k);
            if (e.Observer) EndBlock(*grid.Profile, *e.Observer);
        }
    } catch (const Trap& trap) {
        std::lock_guard lock(grid.Gate);
        grid.Next = grid.Order->Grid.Count();
        if (!grid.Error) grid.Error = std::make_unique<Trap>(trap);
    }
}

// A second worker that waits for grids of more than one block.
class Helper {
    std::mutex _gate;
    std::condition_variable _changed;
    Grid* _grid = nullptr;
    bool _busy = false;

    void Loop() {
        static thread_local Execution e;
        std::unique_lock lock(_gate);
        while (true) {
            _changed.wait(lock, [&] { return _grid != nullptr; });
            Grid* grid = _grid;
            _grid = nullptr;
            lock.unlock();
            Work(e, *grid);
            lock.lock();
            _busy = false;
            _changed.notify_all();
        }
    }

public:
    Helper() { std::thread([this] { Loop(); }).detach(); }

    void Begin(Grid& grid) {
        std::lock_guard lock(_gate);
        _grid = &grid;
        _busy = true;
        _changed.notify_all();
    }

    void End() {
        std::unique_lock lock(_gate);
        _changed.wait(lock, [&] { return !_busy; });
    }
};

}  // namespace

void Run(const Launch& launch) {
    static thread_local Execution e;
    static Helper* helper = Setting("CUDA_EMULATOR_THREADS", "1") != "1" ? new Helper() : nullptr;
    if (SampleOnly && RepeatProfile(launch)) return;
    Grid grid;
    grid.Order = &launch;
    if (Profiling) grid.Profile = BeginProfile(launch);
    bool both = helper && launch.Grid.Count() > 3;
    if (both) helper->Begin(grid);
    Work(e, grid);
    if (both) helper->End();
    if (grid.Error) throw *grid.Error;
    if (grid.Profile) EndProfile(launch, *grid.Profile);
}

}  // namespace emulator
