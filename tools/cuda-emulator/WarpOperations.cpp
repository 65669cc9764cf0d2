// What the lanes of a warp do together: shuffles, votes, the active mask.
#include "Access.h"

namespace emulator {

namespace {

enum Direction : u8 { Index, DownBy, UpBy, Butterfly };

// A .sync instruction names the lanes that take part; all that have not returned must be here, or the hardware waits forever.
void CheckMembers(const Execution& e, const Instruction& i, u32 lanes, s32 operand) {
    auto* masks = e.In(operand).w;
    for (u32 rest = lanes; rest; rest &= rest - 1) {
        u32 mask = masks[__builtin_ctz(rest)];
        if (lanes & ~mask) Fail(e, i, IllegalInstruction, "lanes execute this that its member mask does not name");
        if (mask & e.Turn->Live & ~lanes) Fail(e, i, LaunchFailed, "lanes that the member mask names are elsewhere: the warp is divergent here");
    }
}

// Operands: d, a, b, c and the member mask; with a predicate d|p there is one more after d.
template <bool Predicate>
void Shuffle(Execution& e, const Instruction& i, u32 lanes) {
    constexpr int first = Predicate ? 2 : 1;
    if (i.Offset2) CheckMembers(e, i, lanes, i.Op[first + 3]);
    Slot a = e.In(i.Op[first]), result = e.In(i.Op[0]), valid = {};
    auto* b = e.In(i.Op[first + 1]).w;
    auto* c = e.In(i.Op[first + 2]).w;
    for (u32 rest = lanes; rest; rest &= rest - 1) {
        int l = __builtin_ctz(rest);
        int clamp = c[l] & 31, segment = c[l] >> 8 & 31, last = (l & segment) | (clamp & ~segment), lowest = l & segment;
        int by = b[l] & 31, from = 0;
        bool inside = false;
        switch (i.Mode) {
            case UpBy: from = l - by; inside = from >= last; break;
            case DownBy: from = l + by; inside = from <= last; break;
            case Butterfly: from = l ^ by; inside = from <= last; break;
            default: from = lowest | (by & ~segment); inside = from <= last; break;
        }

        if (!inside) from = l;
        // A lane that does not take part has no defined value: NaN shows it.
        result.w[l] = lanes >> from & 1 ? a.w[from] : 0x7fffffffu;
        valid.w[l] = inside;
    }

    Store<u32>(e, i.Op[0], lanes, [&](int l) { return result.w[l]; });
    if (Predicate) Store<pred_t>(e, i.Op[1], lanes, [&](int l) { return valid.w[l]; });
}

u32 Ballot(const Execution& e, s32 operand, u32 lanes) {
    auto* p = e.In(operand).w;
    u32 ballot = 0;
    for (int l = 0; l < WarpSize; l++) ballot |= (p[l] & 1) << l;
    return ballot & lanes;
}

template <int Kind>
void Vote(Execution& e, const Instruction& i, u32 lanes) {
    if (i.Offset2) CheckMembers(e, i, lanes, i.Op[2]);
    u32 ballot = Ballot(e, i.Op[1], lanes);
    u32 value = Kind == 0 ? ballot : Kind == 1 ? ballot != 0 : Kind == 2 ? ballot == lanes : ballot == 0 || ballot == lanes;
    Store<u32>(e, i.Op[0], lanes, [=](int) { return value; });
}

}  // namespace

Handler FindWarp(const Parts& opcode, Instruction& instruction) {
    auto& operation = opcode[0];
    if (operation == "shfl") {
        instruction.Mode = Has(opcode, "up") ? UpBy : Has(opcode, "down") ? DownBy : Has(opcode, "bfly") ? Butterfly : Index;
        instruction.Offset2 = Has(opcode, "sync");
        // The decoder counts the operands into Target.
        return instruction.Target == (instruction.Offset2 ? 6u : 5u) ? Shuffle<true> : Shuffle<false>;
    }

    if (operation == "vote") {
        instruction.Offset2 = Has(opcode, "sync");
        return Has(opcode, "ballot") ? Vote<0> : Has(opcode, "any") ? Vote<1> : Has(opcode, "all") ? Vote<2> : Vote<3>;
    }

    if (operation == "activemask")
        return [](Execution& e, const Instruction& i, u32 lanes) { Store<u32>(e, i.Op[0], lanes, [=](int) { return lanes; }); };
    if (operation == "bar" && Has(opcode, "warp"))
        return [](Execution& e, const Instruction& i, u32 lanes) {
            CheckMembers(e, i, lanes, i.Op[0]);
            if (lanes == e.Turn->Live) NoteWarpBarrier(e);
        };
    return nullptr;
}

}  // namespace emulator
