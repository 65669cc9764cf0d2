// Races between threads, in global and shared memory (CUDA_EMULATOR_RACES=2): two threads of a launch that touch a word, one of them writing, where nothing
// orders them. Threads of different blocks are never ordered within a launch; those of a block are by a barrier between, those of a warp by bar.warp.sync, too.
// Atomics are left out.
#include <memory>
#include <unordered_map>

#include "Access.h"

namespace emulator {

const bool CheckThreads = Setting("CUDA_EMULATOR_RACES", "1") == "2";

namespace {

struct Access {
    u32 Block = 0, Phase = 0, Warp = 0, WarpPhase = 0, Thread = 0;
};

struct Word {
    u32 Launch = 0;
    bool Written = false, Read = false;
    bool ByBlocks = false, ByWarps = false, ByThreads = false;  // who read: several blocks; several warps since the barrier; several threads since the warp's
    Access Writer, Reader;
};

constexpr u64 PageWords = 1024;
std::unordered_map<u64, std::unique_ptr<Word[]>> pages;
u64 lastNumber = ~0ull;
Word* last = nullptr;
u32 launch = 0;
u32 warpPhases[WarpSize];

Word& WordAt(u64 word) {
    u64 number = word / PageWords;
    if (number != lastNumber) {
        auto& page = pages[number];
        if (!page) page.reset(new Word[PageWords]);
        last = page.get();
        lastNumber = number;
    }
    return last[word % PageWords];
}

bool Unordered(const Access& a, const Access& b) {
    if (a.Block != b.Block) return true;
    return a.Thread != b.Thread && a.Phase == b.Phase && (a.Warp != b.Warp || a.WarpPhase == b.WarpPhase);
}

// Whether all who read a word did so before someone may write it.
bool AllRead(const Word& word, const Access& me) {
    auto& reader = word.Reader;
    if (!word.Read) return true;
    if (word.ByBlocks || reader.Block != me.Block) return false;
    if (reader.Phase != me.Phase) return true;
    if (word.ByWarps || reader.Warp != me.Warp) return false;
    return reader.WarpPhase != me.WarpPhase || (!word.ByThreads && reader.Thread == me.Thread);
}

void AddReader(Word& word, const Access& me) {
    auto& reader = word.Reader;
    bool block = word.Read && reader.Block == me.Block, phase = block && reader.Phase == me.Phase, warp = phase && reader.Warp == me.Warp;
    word.ByBlocks |= word.Read && !block;
    word.ByWarps = phase && (word.ByWarps || !warp);
    word.ByThreads = warp && reader.WarpPhase == me.WarpPhase && (word.ByThreads || reader.Thread != me.Thread);
    word.Read = true;
    reader = me;
}

std::string Name(const Access& a) { return "block " + std::to_string(a.Block) + " thread " + std::to_string(a.Thread); }

}  // namespace

void NextLaunch() { launch++; }

void NoteWarpBarrier(const Execution& e) { warpPhases[e.Turn->Index]++; }

void NoteThread(Execution& e, const Instruction& i, u64 address, u32 bytes, bool shared, bool writes, int lane) {
    auto& order = *e.Order;
    Access me{e.Block.X + order.Grid.X * (e.Block.Y + order.Grid.Y * e.Block.Z), e.Phase, e.Turn->Index, warpPhases[e.Turn->Index], e.Turn->Index * WarpSize + (u32)lane};
    auto fail = [&](const char* what, const Access& other) {
        Fail(e, i, LaunchFailed, std::string("a race in ") + (shared ? "shared" : "global") + " memory at " + std::to_string(address) + ": " + what + " by " + Name(other) + " and now by " + Name(me));
    };
    for (u64 at = address / 4; at <= (address + bytes - 1) / 4; at++) {
        // Shared memory comes first, where no allocation can lie; each block has it for itself.
        Word& word = WordAt(at);
        if (word.Launch != launch || (shared && word.Reader.Block != me.Block && word.Writer.Block != me.Block)) {
            word = {};
            word.Launch = launch;
        }

        if (word.Written && Unordered(word.Writer, me)) fail(writes ? "written" : "written, read", word.Writer);
        if (!writes) {
            AddReader(word, me);
            continue;
        }

        if (!AllRead(word, me)) fail("read, written", word.Reader);
        word.Written = true;
        word.Writer = me;
    }
}

}  // namespace emulator
