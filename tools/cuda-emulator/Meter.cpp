#include "Meter.h"

#include "Access.h"

namespace emulator {

namespace {

constexpr u32 CacheLines = 1024;  // of 128 bytes: what shared memory leaves of the first-level cache
constexpr u64 FirstLevel = 35, SecondLevel = 280, BarrierCost = 15;

// Whole slots of a warp's clock; a part of a slot is left where a loop was unrolled.
u32 SlotsOf(float slots) { return std::max(1u, (u32)(slots + 0.5f)); }

}  // namespace

void BlockCounts::Add(const BlockCounts& other) {
    Issue += other.Issue;
    for (std::size_t k = 0; k < Pipes.size(); k++) Pipes[k] += other.Pipes[k];
    SharedRequests += other.SharedRequests, SharedWaves += other.SharedWaves;
    GlobalRequests += other.GlobalRequests, GlobalLines += other.GlobalLines;
    SectorsWanted += other.SectorsWanted, SectorsMissed += other.SectorsMissed;
    for (std::size_t k = 0; k < Waits.size(); k++) Waits[k] += other.Waits[k];
    Latency += other.Latency;
}

void Meter::Begin(const Kernel& kernel, const KernelCosts& costs, u32 warps) {
    _costs = &costs;
    _counts = {};
    _tags.assign(CacheLines, ~0ull);
    _sectors.assign(CacheLines, 0);
    Lines.resize(kernel.Code.size());
    _warps.resize(warps);
    for (auto& warp : _warps) {
        warp.Now = warp.Last = warp.Issued = warp.CopiesReady = 0;
        warp.Taken.clear();
        warp.Ready.assign(kernel.Slots, 0);
        warp.Source.assign(kernel.Slots, 0);
        warp.Groups.clear();
    }
}

// Turns of the banks: lanes are served in parts of 128 bytes; in a part, different words of one bank take turns.
u32 Meter::SharedWaves(const u64* addresses, u32 lanes, u32 bytes) {
    u32 perPart = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8, waves = 0;
    for (u32 first = 0; first < WarpSize; first += perPart) {
        u64 words[128];
        u32 count = 0;
        u8 turns[32] = {}, most = 0;
        for (u32 l = first; l < first + perPart; l++) {
            if (!(lanes >> l & 1)) continue;
            for (u32 b = 0; b < std::max(bytes, 4u); b += 4) {
                u64 word = addresses[l] / 4 + b / 4;
                bool known = false;
                for (u32 k = 0; k < count && !known; k++) known = words[k] == word;
                if (known) continue;
                words[count++] = word;
                most = std::max(most, ++turns[word % 32]);
            }
        }
        waves += most;
    }
    return waves;
}

// Cycles until the data is there.
u64 Meter::GlobalAccess(const u64* addresses, u32 lanes, u32 bytes, bool load) {
    u64 lines[WarpSize * 2];
    u8 sectors[WarpSize * 2];
    u32 count = 0;
    for (u32 rest = lanes; rest; rest &= rest - 1) {
        u64 address = addresses[__builtin_ctz(rest)];
        u64 line = address / 128;
        u8 sector = (u8)(1u << address / 32 % 4);
        u32 k = 0;
        while (k < count && lines[k] != line) k++;
        if (k == count) lines[count] = line, sectors[count++] = 0;
        sectors[k] |= sector;
    }

    bool all = true;
    for (u32 k = 0; k < count; k++) {
        u32 at = (u32)(lines[k] % CacheLines);
        u8 missing = sectors[k];
        if (load) {
            if (_tags[at] == lines[k]) missing &= (u8)~_sectors[at];
            else _tags[at] = lines[k], _sectors[at] = 0;
            _sectors[at] |= sectors[k];
        }
        all &= missing == 0;
        _counts.SectorsWanted += __builtin_popcount(sectors[k]);
        _counts.SectorsMissed += __builtin_popcount(missing);
    }

    // A turn moves 128 bytes, of up to four lines.
    u32 touched = 0;
    for (u32 k = 0; k < count; k++) touched += (u32)__builtin_popcount(sectors[k]);
    u32 waves = std::max({1u, (touched + 3) / 4, (count + 3) / 4, (u32)__builtin_popcount(lanes) * bytes / 128});
    _counts.GlobalRequests++;
    _counts.GlobalLines += waves;
    return (all ? FirstLevel : SecondLevel) + waves;
}

u64 Meter::Memory(Execution& e, const Instruction& i, const Cost& cost, u32 lanes, WarpClock& warp, u64 now) {
    u64 addresses[WarpSize];
    bool stores = cost.Memory == Access::GlobalStore || cost.Memory == Access::SharedStore;
    int at = stores ? 0 : cost.Results;
    if (cost.Memory == Access::AsyncCommit) {
        warp.Groups.push_back(warp.CopiesReady);
        return 0;
    }
    if (cost.Memory == Access::AsyncWait) {
        u64 pending = cost.Operands ? e.In(i.Op[0]).w[0] : 0, until = now;
        for (std::size_t k = 0; k + pending < warp.Groups.size(); k++) until = std::max(until, warp.Groups[k]);
        warp.Last = std::max(warp.Last, until), warp.Reason = Wait::Global;
        EndBasicBlock(warp);
        return 0;
    }

    bool copies = cost.Memory == Access::AsyncCopy;
    const Slot& base = e.In(i.Op[copies ? 1 : at]);
    for (int l = 0; l < WarpSize; l++) addresses[l] = copies ? AddressOf(base, i.Address64b, l, i.Offset2) : AddressOf(base, i.Address64, l, i.Offset);
    if (copies) {
        u32 reading = 0;
        u32 bytes = e.In(i.Op[2]).w[__builtin_ctz(lanes)];
        for (u32 rest = lanes; rest; rest &= rest - 1) {
            int l = __builtin_ctz(rest);
            if (!i.Mode || e.In(i.Op[3]).w[l]) reading |= 1u << l;
        }
        if (reading) warp.CopiesReady = std::max(warp.CopiesReady, now + GlobalAccess(addresses, reading, bytes, true));
        const Slot& target = e.In(i.Op[0]);
        for (int l = 0; l < WarpSize; l++) addresses[l] = AddressOf(target, i.Address64, l, i.Offset);
        _counts.SharedRequests++;
        _counts.SharedWaves += SharedWaves(addresses, lanes, bytes);
        return 0;
    }

    bool shared = cost.Memory == Access::SharedLoad || cost.Memory == Access::SharedStore || cost.Memory == Access::Matrix;
    if (!shared) return GlobalAccess(addresses, lanes, cost.Bytes, cost.Memory == Access::GlobalLoad);
    u32 waves = 0;
    if (cost.Memory == Access::Matrix)
        for (u32 m = 0; m < cost.Results; m++) waves += SharedWaves(addresses, 0xffu << 8 * m, 16);
    else waves = SharedWaves(addresses, lanes, cost.Bytes);
    _counts.SharedRequests++;
    _counts.SharedWaves += waves;
    return cost.Latency + waves;
}

// The first free slot at or after a moment; returns its time.
u64 Meter::Place(WarpClock& warp, u64 ready, u32 slots) {
    u64 at = ready > warp.Now ? ready - warp.Now : 0, first = 0;
    for (u32 placed = 0; placed < slots; at++) {
        if (warp.Taken.size() <= at / 64) warp.Taken.resize(at / 64 + 1, 0);
        u64& word = warp.Taken[at / 64];
        u64 open = ~word & (~0ull << at % 64);
        if (!open) {
            at |= 63;
            continue;
        }
        at = at / 64 * 64 + (u64)__builtin_ctzll(open);
        word |= 1ull << at % 64;
        if (placed++ == 0) first = at;
    }
    warp.Issued += slots;
    warp.Last = std::max(warp.Last, warp.Now + at);
    return warp.Now + first;
}

// All instructions of the basic block have been issued.
void Meter::EndBasicBlock(WarpClock& warp) {
    u64 end = std::max(warp.Last, warp.Now + warp.Issued);
    _counts.Waits[(int)Wait::Issue] += (double)warp.Issued;
    _counts.Waits[(int)warp.Reason] += (double)(end - warp.Now - warp.Issued);
    warp.Now = warp.Last = end;
    warp.Issued = 0;
    std::fill(warp.Taken.begin(), warp.Taken.end(), 0);
}

void Meter::Count(double slots, const PipeCycles& pipes) {
    _counts.Issue += slots;
    for (std::size_t k = 0; k < pipes.size(); k++) _counts.Pipes[k] += pipes[k];
}

void Meter::Note(Execution& e, const Instruction& i, u32 lanes) {
    auto& cost = _costs->Of[i.Index];
    auto& warp = _warps[e.Turn->Index];
    if (_costs->Begins[i.Index]) EndBasicBlock(warp);
    auto& line = Lines[i.Index];
    line.Executed++;
    if (cost.Extra > 0) {
        Place(warp, 0, SlotsOf(cost.Extra));
        Count(cost.Extra, cost.ExtraPipes);
    }
    u64 ready = 0;
    u8 source = 0;
    auto need = [&](s32 slot) {
        if (slot >= 0 && warp.Ready[slot] > ready) ready = warp.Ready[slot], source = warp.Source[slot];
    };
    for (int k = cost.Results; k < cost.Operands; k++) need(i.Op[k]);
    need(i.Guard);
    if (cost.Free) {
        for (int k = 0; k < cost.Results; k++)
            if (i.Op[k] >= 0) warp.Ready[i.Op[k]] = ready, warp.Source[i.Op[k]] = source;
        return;
    }

    // Nothing overtakes a store of shared memory, a branch or a barrier.
    bool ordered = i.Kind != Flow::Next || cost.Memory == Access::AsyncWait || cost.Memory == Access::AsyncCommit;
    u32 slots = SlotsOf(cost.Issue);
    u64 before = warp.Last, start = Place(warp, ordered ? std::max(ready, warp.Last) : ready, slots);
    if (warp.Last > before + slots) warp.Reason = (Wait)source, line.Waited += (double)(warp.Last - before - slots);
    Count(cost.Issue, cost.Pipes);
    u64 latency = cost.Latency;
    Wait kind = Wait::Arithmetic;
    if (cost.Memory != Access::None) {
        latency = Memory(e, i, cost, lanes, warp, start);
        kind = cost.Memory == Access::GlobalLoad ? Wait::Global : Wait::Shared;
    }

    for (int k = 0; k < cost.Results; k++)
        if (i.Op[k] >= 0) warp.Ready[i.Op[k]] = start + latency, warp.Source[i.Op[k]] = (u8)kind;
    if (i.Kind == Flow::Next) return;
    EndBasicBlock(warp);
    if (cost.Jumps) {
        warp.Now += cost.Latency;
        warp.Last = warp.Now;
        _counts.Waits[(int)Wait::Branch] += cost.Latency;
    }
}

void Meter::Release(const std::vector<Warp>& warps) {
    u64 latest = 0;
    for (auto& warp : warps)
        if (warp.State != WarpState::Done) latest = std::max(latest, _warps[warp.Index].Now);
    for (auto& warp : warps) {
        if (warp.State == WarpState::Done) continue;
        auto& clock = _warps[warp.Index].Now;
        _counts.Waits[(int)Wait::Barrier] += (double)(latest + BarrierCost - clock);
        clock = _warps[warp.Index].Last = latest + BarrierCost;
    }
}

BlockCounts Meter::End() {
    for (auto& warp : _warps) EndBasicBlock(warp);
    for (auto& warp : _warps) _counts.Latency = std::max(_counts.Latency, (double)warp.Now);
    return _counts;
}

}  // namespace emulator
