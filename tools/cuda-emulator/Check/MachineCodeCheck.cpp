// Checks how machine code is charged to PTX, with what the assembler and the disassembler print for a kernel, shortened. The numbers of lines below are
// those of `Text`.
#include "../MachineCode.h"

using namespace emulator;

namespace {

const char* Text =                                              // line
    ".version 8.0\n.target sm_80\n.address_size 64\n"           // 1 to 3
    ".visible .entry k(.param .b64 p) {\n"                      // 4
    ".reg .pred %p<8>; .reg .b32 %r<40>; .reg .f32 %f<40>; .reg .b64 %rd<16>;\n"
    "ld.param.b64 %rd0, [p];\n"                                 // 6
    "mov.u32 %r0, %tid.x;\n"                                    // 7
    "mul.wide.u32 %rd1, %r0, 4;\n"                              // 8
    "add.u64 %rd1, %rd0, %rd1;\n"                               // 9
    "mov.f32 %f1, 0f00000000;\n"                                // 10
    "mov.u32 %r1, 0;\n"                                         // 11
    "L:\n"                                                      // 12
    "ld.global.f32 %f0, [%rd1];\n"                              // 13
    "mul.lo.u32 %r2, %r0, 3;\n"                                 // 14: the same in each turn
    "fma.rn.f32 %f1, %f0, %f0, %f1;\n"                          // 15
    "add.u32 %r1, %r1, 1;\n"                                    // 16
    "setp.lt.u32 %p0, %r1, 8;\n"                                // 17
    "@%p0 bra L;\n"                                             // 18
    "div.rn.f32 %f1, %f1, %f0;\n"                               // 19
    "st.global.f32 [%rd1], %f1;\n"                              // 20
    "ret;\n}\n";                                                // 21

const char* Assembler =
    "ptxas info    : Compiling entry function 'k' for 'sm_90'\n"
    "ptxas info    : Function properties for k\n"
    "    16 bytes stack frame, 12 bytes spill stores, 12 bytes spill loads\n"
    "ptxas info    : Used 40 registers, 16896 bytes smem\n";

std::string Line(int number) { return "\t//## File \".nv_debug_ptx_txt\", line " + std::to_string(number) + "\n"; }

std::string Code(const char* instruction) { return "        /*0010*/                   " + std::string(instruction) + " ;\n"; }

std::string Disassembly() {
    return "\t.section\t.text.k,\"ax\",@progbits\n\t.sectionflags\t@\"SHF_BARRIERS=1\"\nk:\n.text.k:\n"
        + Line(6) + Code("LDC R1, c[0x0][0x28]") + Line(7) + Code("S2R R0, SR_TID.X")
        + Line(8) + Code("IMAD.WIDE R2, R0, R4, R6") + Line(14) + Code("IMAD R5, R0, 0x3, RZ")
        // The loop, unrolled twice, and what remains after it.
        + ".L_x_0:\n" + Line(13) + Code("LDG.E R8, [R2]") + Code("LDG.E R9, [R2+0x4]")
        + Line(15) + Code("FFMA R10, R8, R8, R10") + Code("FFMA R10, R9, R9, R10")
        + Line(16) + Code("IADD3 R1, R1, 0x2, RZ") + Line(17) + Code("ISETP.LT.U32.AND P0, PT, R1, 0x8, PT") + Line(18) + Code("@P0 BRA `(.L_x_0)")
        + ".L_x_1:\n" + Line(13) + Code("LDG.E R8, [R2]") + Line(15) + Code("FFMA R10, R8, R8, R10") + Line(18) + Code("@P1 BRA `(.L_x_1)")
        // A division, with a routine for its rare cases.
        + Line(19) + Code("MUFU.RCP R6, R8") + Code("FFMA R7, R6, R8, R9") + Code("FFMA R7, R7, R8, R9") + Code("FCHK P0, R8, R9") + Code("@!P0 BRA `(.L_x_2)")
        + Code("MOV R4, 0x40") + Code("CALL.REL.NOINC `($__internal_0_$slowpath)")
        + ".L_x_2:\n" + Line(20) + Code("STG.E [R2], R7") + Line(21) + Code("EXIT")
        + ".L_x_3:\n" + Code("BRA `(.L_x_3)") + Code("NOP") + "\t.section\t.text.other,\"ax\",@progbits\n" + Line(20) + Code("STG.E [R2], R7");
}

}  // namespace

void CheckMachineCode(void (*expect)(bool right, const std::string& what)) {
    auto module = ReadModule(Text);
    auto& kernel = *module->Kernels.at("k");
    auto machine = ReadMachineCode("k", Assembler, Disassembly());
    expect(machine.Registers == 40 && machine.SpilledBytes == 12, "registers and spills that the assembler reports");
    auto estimated = CostsOf(kernel), costs = estimated;
    UseMachineCode(kernel, {}, costs);
    expect(!costs.Machine && costs.Registers == estimated.Registers, "without machine code the estimates stay");
    expect(ReadMachineCode("another", Assembler, Disassembly()).Registers == 0, "a kernel that the machine code does not have");

    UseMachineCode(kernel, machine, costs);
    auto at = [&](u32 line) -> const Cost& {
        for (auto& i : kernel.Code)
            if (i.Line == line) return costs.Of[i.Index];
        return costs.Of.back();
    };
    expect(costs.Machine && costs.Registers == 40, "the registers of the machine code");
    expect(at(8).Issue == 1 && at(8).Pipes[(int)Pipe::Multiply] == 2 && at(9).Free, "a product and a sum that are one instruction");
    expect(at(6).Extra == 1 && at(6).ExtraPipes[(int)Pipe::Multiply] == 2 && at(14).Free && at(13).Extra == 0,
        "an instruction that was moved out of a loop is charged before it");
    expect(at(13).Issue == 1 && at(15).Issue == 1 && at(16).Issue == 0.5f && at(18).Issue == 0.5f && at(18).Jumps,
        "an unrolled loop is charged by its turns, without what remains after it");
    expect(at(19).Issue == 5 && at(19).Pipes[(int)Pipe::Special] == 8 && at(19).Pipes[(int)Pipe::Multiply] == 2 && !at(19).Jumps,
        "a division without its rare cases");
    expect(at(20).Issue == 1 && at(21).Issue == 1, "neither the end of the kernel nor another kernel is charged");
}
