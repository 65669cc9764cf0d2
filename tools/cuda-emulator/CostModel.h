// What an instruction costs on an H200, by a table: issue slots, cycles of a pipe, cycles until its result can be used.
#pragma once
#include <vector>

#include "Program.h"

namespace emulator {

enum class Pipe : u8 { None, Multiply, Integer, Special, Tensor, Count };

enum class Access : u8 { None, GlobalLoad, GlobalStore, SharedLoad, SharedStore, Matrix, AsyncCopy, AsyncCommit, AsyncWait };

struct Cost {
    bool Free = false;      // the assembler removes it or makes it a part of its neighbour: the result is ready when its sources are
    u16 Issue = 1;          // slots of a scheduler
    u16 PipeCycles = 1;     // of a quarter of a multiprocessor
    u16 Latency = 5;        // cycles until the result can be used, without memory's
    Pipe Unit = Pipe::Integer;
    Access Memory = Access::None;
    u8 Bytes = 0;           // a lane moves
    u8 Results = 0;         // the first operands
    u8 Operands = 0;
};

// The costs of a kernel's instructions, and the 32-bit registers that its values need at once.
struct KernelCosts {
    std::vector<Cost> Of;
    std::vector<bool> Begins;  // whether an instruction is the first of a basic block
    u32 Registers = 0;
};

KernelCosts CostsOf(const Kernel& kernel);

}  // namespace emulator
