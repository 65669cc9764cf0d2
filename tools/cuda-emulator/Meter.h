// Counts what the warps of a block do, and follows their time: each warp has a clock, each of its registers a moment from which its value can be used.
// The assembler orders the instructions of a basic block as it likes; so each takes the first slot that is free when its operands are ready, and the warp's clock moves on at the block's end.
#pragma once
#include <array>
#include <vector>

#include "CostModel.h"
#include "Execution.h"

namespace emulator {

enum class Wait : u8 { Arithmetic, Shared, Global, Barrier, Branch, Issue, Count };

// What a block did. Cycles of pipes are summed over its warps.
struct BlockCounts {
    double Issue = 0;
    std::array<double, (int)Pipe::Count> Pipes{};
    double SharedRequests = 0, SharedWaves = 0;    // accesses of warps, and turns of the 32 banks that they took
    double GlobalRequests = 0, GlobalLines = 0;    // the same for global memory, in lines of 128 bytes
    double SectorsWanted = 0, SectorsMissed = 0;   // 32 bytes each: touched by requests, and not found in the first-level cache
    std::array<double, (int)Wait::Count> Waits{};  // of all warps
    double Latency = 0;                            // cycles from the block's first instruction to its last, were it alone

    void Add(const BlockCounts& other);
};

struct LineCounts {
    double Executed = 0, Waited = 0;
};

class Meter {
    struct WarpClock {
        u64 Now = 0;              // when the basic block began
        u64 Last = 0, Issued = 0; // the latest slot that was taken in it, and how many were
        Wait Reason = Wait::Arithmetic;  // for what the instruction in the latest slot waited
        std::vector<u64> Taken;   // a bit for each slot of the basic block
        u64 CopiesReady = 0;
        std::vector<u64> Ready;
        std::vector<u8> Source;   // the Wait that a register's value stands for
        std::vector<u64> Groups;  // when each committed group of copies is there
    };

    const KernelCosts* _costs = nullptr;
    std::vector<WarpClock> _warps;
    std::vector<u64> _tags;     // first-level cache: line number, and which of its sectors are there
    std::vector<u8> _sectors;
    BlockCounts _counts;

public:
    std::vector<LineCounts> Lines;

    void Begin(const Kernel& kernel, const KernelCosts& costs, u32 warps);
    void Note(Execution& e, const Instruction& i, u32 lanes);
    void Release(const std::vector<Warp>& warps);
    BlockCounts End();

private:
    void Count(double slots, const PipeCycles& pipes);
    u64 Place(WarpClock& warp, u64 ready, u32 slots);
    void EndBasicBlock(WarpClock& warp);
    u32 SharedWaves(const u64* addresses, u32 lanes, u32 bytes);
    u64 GlobalAccess(const u64* addresses, u32 lanes, u32 bytes, bool load);
    u64 Memory(Execution& e, const Instruction& i, const Cost& cost, u32 lanes, WarpClock& warp, u64 at);
};

}  // namespace emulator
