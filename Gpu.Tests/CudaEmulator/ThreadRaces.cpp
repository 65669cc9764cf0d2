// Races between threads, in global and shared memory (CUDA_EMULATOR_RACES=2): two threads of a launch that touch a word, one of them writing, where nothing
// orders them. Threads of different blocks are never ordered within a launch; those of a block, or of a warp, are by a barrier between. Atomics are left out.
#include <memory>
#include <unordered_map>

#include "Access.h"

namespace emulator {

const bool CheckThreads = Setting("CUDA_EMULATOR_RACES", "1") == "2";

namespace {

struct Access {
    u32 Block = 0, Phase = 0, Thread = 0;
};

struct Word {
    u32 Launch = 0;
    bool Written = false, Read = false;
    bool ByBlocks = false, ByThreads = false;  // who read: several blocks; several threads of the block since its last barrier
    Access Writer, Reader;
};

constexpr u64 PageWords = 1024;
std::unordered_map<u64, std::unique_ptr<Word[]>> pages;
u64 lastNumber = ~0ull;
Word* last = nullptr;
u32 launch = 0;

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

bool Unordered(const Access& a, const Access& b) { return a.Block != b.Block || (a.Thread != b.Thread && a.Phase == b.Phase); }

std::string Name(const Access& a) { return "block " + std::to_string(a.Block) + " thread " + std::to_string(a.Thread); }

}  // namespace

void NextLaunch() { launch++; }

void NoteThread(Execution& e, const Instruction& i, u64 address, u32 bytes, bool shared, bool writes, int lane) {
    auto& order = *e.Order;
    Access me{e.Block.X + order.Grid.X * (e.Block.Y + order.Grid.Y * e.Block.Z), e.Phase, e.Turn->Index * WarpSize + (u32)lane};
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
        if (writes) {
            bool mine = !word.ByBlocks && word.Reader.Block == me.Block && (word.Reader.Phase != me.Phase || (!word.ByThreads && word.Reader.Thread == me.Thread));
            if (word.Read && !mine) fail("read, written", word.Reader);
            word.Written = true;
            word.Writer = me;
            continue;
        }

        if (word.Read) {
            word.ByBlocks |= word.Reader.Block != me.Block;
            word.ByThreads = word.Reader.Block == me.Block && word.Reader.Phase == me.Phase && (word.ByThreads || word.Reader.Thread != me.Thread);
        }
        word.Read = true;
        word.Reader = me;
    }
}

}  // namespace emulator
