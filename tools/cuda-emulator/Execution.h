// What runs: a grid of blocks, each a number of warps of 32 lanes in lockstep.
#pragma once
#include <deque>
#include <vector>

#include "Program.h"

namespace emulator {

struct Size3 {
    u32 X = 1, Y = 1, Z = 1;
    u64 Count() const { return (u64)X * Y * Z; }
};

// A launch with a copy of its arguments.
struct Launch {
    const Kernel* Program;
    Size3 Grid, Block;
    u32 DynamicShared;
    std::vector<u8> Arguments;
};

// Lanes that go the same way, from Pc to Rejoin.
struct Path {
    u32 Pc, Rejoin, Lanes;
};

// A copy to shared memory that has begun: its bytes arrive when a wait says so.
struct AsyncCopy {
    u32 Lane, Group, Target, Bytes, SourceBytes;
    u64 Source;
};

enum class WarpState : u8 { Ready, AtBarrier, Done };

struct Warp {
    Slot* Slots = nullptr;
    std::vector<Path> Paths;
    u32 Lanes = 0;    // threads that it began with
    u32 Live = 0;     // those that have not returned
    u32 Index = 0;
    WarpState State = WarpState::Ready;
    const Instruction* Waiting = nullptr;  // the barrier that it stands at
    std::vector<AsyncCopy> Copies;
    u32 Committed[WarpSize] = {};
    u8* Local = nullptr;
};

// Who last wrote and read a word of shared memory: (phase of the block between barriers) * 64 + warp + 1; 0 for nobody.
struct Shadow {
    u32 Writer = 0, Reader = 0;
    static constexpr u32 Many = 63;
};

// A part of device memory in which an instruction was seen to access.
struct Range {
    u64 From = 1, To = 0;
};

class Meter;

// One worker's state: the block that it executes and the warp that has its turn.
struct Execution {
    const Kernel* Program = nullptr;
    const Launch* Order = nullptr;
    Warp* Turn = nullptr;
    std::vector<Warp> Warps;
    std::vector<Slot> Slots;
    std::vector<u8> Shared, Local;
    std::vector<Shadow> Shadows;
    std::vector<Range> Ranges;  // one an instruction
    u32 SharedBytes = 0;
    u32 Phase = 0;
    Size3 Block;                // coordinates
    u32 MaskLanes = 0;          // what Mask holds
    alignas(64) u32 Mask[WarpSize] = {};
    u32 Votes = 0, Voters = 0;  // of a barrier with a reduction
    Meter* Observer = nullptr;  // measures the block, or null

    const Slot& In(s32 operand) const { return operand >= 0 ? Turn->Slots[operand] : Program->Constants[~operand]; }
    Slot& Out(s32 operand) { return Turn->Slots[operand]; }

    // All ones for the lanes that take part.
    const u32* MaskOf(u32 lanes) {
        if (lanes != MaskLanes) {
            MaskLanes = lanes;
            for (int l = 0; l < WarpSize; l++) Mask[l] = 0u - ((lanes >> l) & 1u);
        }
        return Mask;
    }
};

// Ends the kernel: names it, the block, the warp, the line and the statement.
[[noreturn]] void Fail(const Execution& e, const Instruction& i, Result code, const std::string& what);

// Executes a launch; throws Trap.
void Run(const Launch& launch);

// Moves the bytes of copies that belong to groups before the last `pending` ones (shared memory, lanes in the mask).
void DeliverCopies(Execution& e, const Instruction& i, u32 lanes, u32 pending);

}  // namespace emulator
