// What an instruction costs on an H200: issue slots, cycles of the pipes, cycles until its result can be used.
#pragma once
#include <array>
#include <vector>

#include "Program.h"

namespace emulator {

enum class Pipe : u8 { None, Multiply, Integer, Special, Tensor, Count };

enum class Access : u8 { None, GlobalLoad, GlobalStore, SharedLoad, SharedStore, Matrix, AsyncCopy, AsyncCommit, AsyncWait };

// Cycles of each pipe of a quarter of a multiprocessor.
using PipeCycles = std::array<float, (int)Pipe::Count>;

struct Cost {
    bool Free = false;      // the assembler removes it or makes it a part of its neighbour: the result is ready when its sources are
    bool Jumps = false;     // a branch of the machine
    float Issue = 1;        // slots of a scheduler
    PipeCycles Pipes{};
    float Extra = 0;        // of the first instruction of a basic block: slots that belong to no instruction of the block
    PipeCycles ExtraPipes{};
    u16 Latency = 5;        // cycles until the result can be used, without memory's
    Access Memory = Access::None;
    u8 Bytes = 0;           // a lane moves
    u8 Results = 0;         // the first operands
    u8 Operands = 0;
};

struct KernelCosts {
    std::vector<Cost> Of;
    std::vector<bool> Begins;  // whether an instruction is the first of a basic block
    u32 Registers = 0;         // of a thread
    bool Machine = false;      // slots, pipes and registers are those of the machine code, not estimates
};

// The costs of a kernel's instructions: from its machine code if there is an assembler, else by a table.
KernelCosts CostsOf(const Kernel& kernel);

}  // namespace emulator
