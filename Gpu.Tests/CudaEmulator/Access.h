// Checks of memory accesses, lane by lane.
#pragma once
#include "DeviceMemory.h"
#include "Lanes.h"

namespace emulator {

// Generic addresses of shared memory begin here; no host uses the range.
constexpr u64 SharedWindow = 0x7ff0000000000000ull;

// Whether reading shared memory that nobody wrote is an error, and whether two warps touching a word without a barrier between them are.
extern const bool CheckUninitialised, CheckRaces;

inline u64 AddressOf(const Slot& base, bool wide, int lane, s64 offset) {
    return wide ? base.d[lane] + (u64)offset : (u64)(u32)(base.w[lane] + (u32)offset);
}

// Fails unless all `bytes` at an address are allocated and the address is a multiple of `bytes`. A bound that was found is kept for the instruction.
inline void CheckGlobal(Execution& e, const Instruction& i, u64 address, u32 bytes, const char* what, int lane) {
    auto& range = e.Ranges[i.Index];
    if (address % bytes)
        Fail(e, i, MisalignedAddress, std::string(what) + " of " + std::to_string(bytes) + " bytes at an address that is no multiple of it, lane " + std::to_string(lane));
    if (address >= range.From && address + bytes <= range.To) return;
    Range found;
    if (!memory::Find(address, found))
        Fail(e, i, IllegalAddress, std::string(what) + " outside of all allocations, lane " + std::to_string(lane) + ", address " + std::to_string(address));
    if (address + bytes > found.To)
        Fail(e, i, IllegalAddress, std::string(what) + " beyond the end of an allocation of " + std::to_string(found.To - found.From) + " bytes, lane " + std::to_string(lane));
    range = found;
}

[[noreturn]] void FailShared(const Execution& e, const Instruction& i, u64 address, u32 bytes, const char* what, int lane);
void NoteRace(const Execution& e, const Instruction& i, u32 word, const char* what);

inline void CheckShared(Execution& e, const Instruction& i, u64 address, u32 bytes, bool writes, int lane) {
    if (address % bytes || address + bytes > e.SharedBytes || address > e.SharedBytes) FailShared(e, i, address, bytes, writes ? "store" : "load", lane);
    if (!CheckRaces && !CheckUninitialised) return;
    u32 phase = e.Phase * 64, me = phase + e.Turn->Index + 1;
    for (u32 word = (u32)address / 4, end = (u32)(address + bytes + 3) / 4; word < end; word++) {
        auto& shadow = e.Shadows[word];
        if (writes) {
            if (CheckRaces && bytes >= 4 && shadow.Writer > phase && shadow.Writer != me) NoteRace(e, i, word, "written by two warps");
            if (CheckRaces && bytes >= 4 && shadow.Reader > phase && shadow.Reader != me) NoteRace(e, i, word, "read by one warp and then written by another");
            shadow.Writer = me;
        } else {
            if (CheckUninitialised && shadow.Writer == 0) NoteRace(e, i, word, "read although nothing was ever written");
            if (CheckRaces && bytes >= 4 && shadow.Writer > phase && shadow.Writer != me) NoteRace(e, i, word, "written by one warp and then read by another");
            shadow.Reader = shadow.Reader <= phase || shadow.Reader == me ? me : phase + Shadow::Many;
        }
    }
}

}  // namespace emulator
