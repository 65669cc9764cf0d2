// Where the lanes of a divergent branch meet again: the immediate post-dominator of its block.
#include <algorithm>

#include "Program.h"

namespace emulator {

namespace {

struct Block {
    u32 From, To;  // instructions
    std::vector<u32> Next;
};

std::vector<Block> BlocksOf(const Kernel& kernel) {
    u32 size = (u32)kernel.Code.size();
    auto begins = BlockBegins(kernel);
    std::vector<Block> blocks;
    std::vector<u32> blockOf(size + 1);
    for (u32 k = 0; k < size; k++) {
        if (begins[k]) blocks.push_back({k, k, {}});
        blockOf[k] = (u32)blocks.size() - 1;
        blocks.back().To = k + 1;
    }

    blockOf[size] = (u32)blocks.size();  // the end of the kernel is a block of its own
    for (auto& block : blocks) {
        auto& last = kernel.Code[block.To - 1];
        bool falls = true;
        if (last.Kind == Flow::Branch) {
            block.Next.push_back(blockOf[last.Target]);
            falls = last.Guard >= 0;
        } else if (last.Kind == Flow::BranchIndexed) {
            for (u32 target : kernel.Tables[last.Table]) block.Next.push_back(blockOf[target]);
            falls = last.Guard >= 0;
        } else if (last.Kind == Flow::Exit) {
            block.Next.push_back((u32)blocks.size());
            falls = last.Guard >= 0;
        }
        if (falls) block.Next.push_back(blockOf[block.To]);
    }

    blocks.push_back({size, size, {}});
    return blocks;
}

}  // namespace

std::vector<bool> BlockBegins(const Kernel& kernel) {
    std::vector<bool> begins(kernel.Code.size() + 1, false);
    begins[0] = true;
    for (auto& i : kernel.Code) {
        if (i.Kind == Flow::Branch) begins[i.Target] = true;
        if (i.Kind != Flow::Next) begins[i.Index + 1] = true;
    }
    for (auto& table : kernel.Tables)
        for (u32 target : table) begins[target] = true;
    return begins;
}

// Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm", on the reversed graph.
void FindRejoins(Kernel& kernel) {
    if (kernel.Code.empty()) return;
    auto blocks = BlocksOf(kernel);
    u32 count = (u32)blocks.size(), exit = count - 1;
    std::vector<std::vector<u32>> before(count);
    for (u32 b = 0; b < count; b++)
        for (u32 next : blocks[b].Next) before[next].push_back(b);

    // Post-order of the reversed graph from the end.
    std::vector<u32> order;
    std::vector<s32> number(count, -1);
    std::vector<bool> seen(count, false);
    std::vector<std::pair<u32, std::size_t>> stack{{exit, 0}};
    seen[exit] = true;
    while (!stack.empty()) {
        auto& [b, k] = stack.back();
        if (k < before[b].size()) {
            u32 p = before[b][k++];
            if (!seen[p]) {
                seen[p] = true;
                stack.push_back({p, 0});
            }
        } else {
            number[b] = (s32)order.size();
            order.push_back(b);
            stack.pop_back();
        }
    }

    std::vector<s32> parent(count, -1);
    parent[exit] = (s32)exit;
    for (bool changed = true; changed;) {
        changed = false;
        for (auto at = order.rbegin(); at != order.rend(); ++at) {
            u32 b = *at;
            if (b == exit) continue;
            s32 meet = -1;
            for (u32 next : blocks[b].Next) {
                if (parent[next] < 0) continue;
                if (meet < 0) meet = (s32)next;
                else {
                    s32 other = (s32)next;
                    while (meet != other) {
                        while (number[meet] < number[other]) meet = parent[meet];
                        while (number[other] < number[meet]) other = parent[other];
                    }
                }
            }
            if (parent[b] != meet) parent[b] = meet, changed = true;
        }
    }

    for (u32 b = 0; b < exit; b++) {
        auto& last = kernel.Code[blocks[b].To - 1];
        last.Rejoin = parent[b] < 0 ? (u32)kernel.Code.size() : blocks[parent[b]].From;
    }
}

}  // namespace emulator
