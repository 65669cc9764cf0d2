// What NVIDIA's assembler makes of a PTX text: the instructions of the machine, each with the line of PTX that it came from.
#pragma once
#include "CostModel.h"

namespace emulator {

struct MachineInstruction {
    std::string Opcode;     // "FFMA", without modifiers
    u32 Line = 0;           // of the PTX text
    bool Guarded = false;   // by a predicate
    u32 Block = 0;          // basic block
};

struct MachineCode {
    u32 Registers = 0;      // of a thread; 0 if there is no machine code
    u32 SpilledBytes = 0;
    std::vector<MachineInstruction> Code;
};

// Whether CUDA_EMULATOR_ASSEMBLER names a folder with ptxas and nvdisasm.
bool HasAssembler();

// Assembles the text that a kernel was read from, or takes the result from the cache. Without an assembler, or if it refuses the text, there are no registers.
MachineCode Assemble(const Kernel& kernel);

// Reads one kernel from what `ptxas -v` and `nvdisasm -gp -c` print.
MachineCode ReadMachineCode(const std::string& kernel, const std::string& assembler, const std::string& disassembly);

// Replaces registers, issue slots and pipes of the costs by those of the machine code.
void UseMachineCode(const Kernel& kernel, const MachineCode& machine, KernelCosts& costs);

}  // namespace emulator
