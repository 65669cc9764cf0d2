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

// The slow part of CheckGlobal: looks the allocation up, or fails.
void FindRange(Execution& e, const Instruction& i, u64 address, u32 bytes, const char* what, int lane);

// Fails unless all `bytes` at an address are allocated and the address is a multiple of `bytes`. A bound that was found is kept for the instruction.
inline __attribute__((always_inline)) void CheckGlobal(Execution& e, const Instruction& i, u64 address, u32 bytes, const char* what, int lane) {
    auto& range = e.Ranges[i.Index];
    if (__builtin_expect(address % bytes != 0 || address < range.From || address + bytes > range.To, 0)) FindRange(e, i, address, bytes, what, lane);
}

[[noreturn]] void FailShared(const Execution& e, const Instruction& i, u64 address, u32 bytes, const char* what, int lane);
void NoteRace(const Execution& e, const Instruction& i, u32 word, const char* what);

// Whether two threads touching a word with nothing between them are an error; see ThreadRaces.cpp.
extern const bool CheckThreads;
void NextLaunch();
void NoteWarpBarrier(const Execution& e);
void NoteThread(Execution& e, const Instruction& i, u64 address, u32 bytes, bool shared, bool writes, int lane);

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
