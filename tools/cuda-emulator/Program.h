// A module after it was read: kernels as arrays of decoded instructions, with registers resolved to slots.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "Common.h"

namespace emulator {

// A register of a warp: one value for each lane. Values of 32 bits and fewer use w, longer ones d; a predicate is 0 or 1.
union alignas(64) Slot {
    u32 w[WarpSize];
    s32 i[WarpSize];
    float f[WarpSize];
    u64 d[WarpSize];
    s64 l[WarpSize];
    double g[WarpSize];
};

struct Execution;
struct Instruction;
using Handler = void (*)(Execution&, const Instruction&, u32 lanes);

enum class Flow : u8 { Next, Branch, BranchIndexed, Exit, Barrier, BarrierReduction };

struct Instruction {
    Handler Run = nullptr;
    std::array<s32, 16> Op{};  // slots of the warp, or ~index of a constant
    s32 Guard = -1;            // slot of the predicate, or none
    bool GuardNegated = false;
    bool Uniform = false;      // .uni
    bool Address64 = false;    // the address operand's register has 64 bits
    bool Address64b = false;   // the same for a second address operand
    Flow Kind = Flow::Next;
    u8 Mode = 0;               // what a handler wants to know: rounding, comparison, shuffle
    u32 Target = 0;            // of a branch
    u32 Rejoin = 0;            // where the lanes of a divergent branch meet again
    s64 Offset = 0, Offset2 = 0;
    u32 Table = 0;             // of an indexed branch
    u32 Line = 0;              // of the PTX text
    u32 Index = 0;             // in the kernel
};

struct Parameter {
    u32 Offset, Bytes;
};

struct Kernel {
    std::string Name;
    std::string Title;               // what a comment in the module's first line says, or the name
    std::vector<Instruction> Code;
    std::vector<std::string> Text;   // one statement an instruction
    const std::string* Source = nullptr;  // the text of its module
    std::vector<Slot> Constants;
    std::vector<std::vector<u32>> Tables;
    std::map<std::string, Parameter> Parameters;
    u32 ParameterBytes = 0;
    u32 Slots = 0;
    std::vector<u8> Widths;          // registers of 32 bits that a slot's value needs; 0 for a predicate
    u32 StaticShared = 0;
    u32 MaxThreads = 1024;
    u32 MaxDynamicShared = 48 * 1024;
    bool UsesLocal = false;
    u32 LocalBytes = 0;
};

// The slots that hold special registers, in this order at the beginning of every warp's slots.
enum Special : s32 {
    TidX, TidY, TidZ, NTidX, NTidY, NTidZ, CtaX, CtaY, CtaZ, NCtaX, NCtaY, NCtaZ, LaneId, WarpId, NWarpId, SmId, LaneMaskEq, LaneMaskLt, LaneMaskLe, LaneMaskGt, LaneMaskGe,
    Clock, DynamicSharedSize, Sink, SpecialCount
};

struct Module {
    std::map<std::string, std::unique_ptr<Kernel>> Kernels;
};

// Reads PTX text. Throws PtxError, which names the line.
std::unique_ptr<Module> ReadModule(const std::string& text);

// "mul.f32" of "@%p1 mul.f32 %f1, %f2, %f3".
std::string OpcodeOf(const std::string& statement);

// Whether an instruction is the first of a basic block: the first of all, a branch's target, or behind what is not a plain instruction.
std::vector<bool> BlockBegins(const Kernel& kernel);

// Sets Rejoin of every branch: the first instruction that all paths from it reach.
void FindRejoins(Kernel& kernel);

// Fuses products with sums, and lets approximate instructions err, as CUDA_EMULATOR_FMAD and CUDA_EMULATOR_APPROX ask.
void ComputeAsOnGpu(Kernel& kernel);

// The handler of an opcode, split at its dots, or null where a family does not have it. May set Mode.
using Parts = std::vector<std::string>;
Handler FindArithmetic(const Parts& opcode, Instruction& instruction);
Handler FindConversion(const Parts& opcode, Instruction& instruction);
Handler FindMemory(const Parts& opcode, Instruction& instruction);
Handler FindWarp(const Parts& opcode, Instruction& instruction);
Handler FindMatrix(const Parts& opcode, Instruction& instruction);

inline bool Has(const Parts& parts, const char* part) {
    for (auto& p : parts)
        if (p == part) return true;
    return false;
}

}  // namespace emulator
