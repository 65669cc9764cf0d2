// The table of costs. Rates and latencies: "Arithmetic instructions" of the CUDA programming guide (compute capability 9.0) and published microbenchmarks of Hopper; they are
// estimates. PTX is not what a GPU executes: what the assembler is known to do (copies vanish, products and sums are fused, addresses are folded) is done here, too.
#include "MachineCode.h"

#include <cstdlib>

namespace emulator {

namespace {

struct Shape {
    Parts Opcode;
    bool Wide;  // works on 64 bits
};

Shape ShapeOf(const std::string& text) {
    std::string name = OpcodeOf(text);
    Shape shape{{}, false};
    for (std::size_t at = 0; at <= name.size();) {
        std::size_t dot = std::min(name.find('.', at), name.size());
        shape.Opcode.push_back(name.substr(at, dot - at));
        at = dot + 1;
    }
    for (auto& part : shape.Opcode) shape.Wide |= part == "s64" || part == "u64" || part == "b64" || part == "f64";
    return shape;
}

u8 BytesPerLane(const Parts& opcode) {
    u8 count = Has(opcode, "v4") ? 4 : Has(opcode, "v2") ? 2 : 1;
    auto& type = opcode.back();
    std::size_t digit = type.find_first_of("0123456789");
    return (u8)(count * (digit == std::string::npos ? 4 : std::atoi(type.c_str() + digit) / 8));
}

u8 ResultsOf(const Parts& opcode, const std::string& text) {
    auto& operation = opcode[0];
    if (operation == "st" || operation == "red" || operation == "cp" || operation == "membar" || operation == "fence" || operation == "prefetch" || operation == "bar") return 0;
    if (operation == "ld" || operation == "ldu") return Has(opcode, "v4") ? 4 : Has(opcode, "v2") ? 2 : 1;
    if (operation == "ldmatrix") return Has(opcode, "x4") ? 4 : Has(opcode, "x2") ? 2 : 1;
    if (operation == "mma") return 4;
    return text.find('|') == std::string::npos ? 1 : 2;
}

bool OneOf(const std::string& name, std::initializer_list<const char*> names) {
    for (auto* n : names)
        if (name == n) return true;
    return false;
}

void Set(Cost& cost, Pipe unit, u16 issue, u16 cycles, u16 latency) {
    cost.Issue = issue, cost.Latency = latency, cost.Pipes = {};
    cost.Pipes[(int)unit] = cycles;
}

void SetMemory(Cost& cost, const Parts& opcode) {
    auto& operation = opcode[0];
    bool load = operation != "st" && operation != "red";
    Set(cost, Pipe::None, 1, 0, 23);
    cost.Bytes = BytesPerLane(opcode);
    cost.Memory = Has(opcode, "shared") ? load ? Access::SharedLoad : Access::SharedStore : load ? Access::GlobalLoad : Access::GlobalStore;
}

void SetDivision(Cost& cost, const Kernel& kernel, const Instruction& i, bool wide) {
    if (i.Op[2] >= 0) {
        if (wide) Set(cost, Pipe::Integer, 80, 160, 400);
        else Set(cost, Pipe::Integer, 24, 40, 110);
        return;
    }

    u32 divisor = kernel.Constants[~i.Op[2]].w[0];
    bool power = divisor && (divisor & (divisor - 1)) == 0;
    Set(cost, Pipe::Integer, power ? 2 : 5, power ? 4 : 10, power ? 10 : 22);
}

void SetArithmetic(Cost& cost, const Shape& shape, const Kernel& kernel, const Instruction& i) {
    auto& opcode = shape.Opcode;
    auto& operation = opcode[0];
    bool real = Has(opcode, "f32") || Has(opcode, "f16") || Has(opcode, "f16x2");
    u16 words = shape.Wide ? 2 : 1;
    if (OneOf(operation, {"ex2", "lg2", "sin", "cos", "tanh", "rsqrt"}) || (OneOf(operation, {"rcp", "sqrt"}) && Has(opcode, "approx"))) Set(cost, Pipe::Special, 1, 8, 22);
    else if (operation == "rcp" || operation == "sqrt") Set(cost, Pipe::Special, 9, 12, 55);
    else if (operation == "div" && real) Set(cost, Pipe::Special, Has(opcode, "rn") ? 11 : 5, 10, Has(opcode, "rn") ? 60 : 40);
    else if (operation == "div" || operation == "rem") SetDivision(cost, kernel, i, shape.Wide);
    else if (real && OneOf(operation, {"add", "sub", "mul", "fma", "mad", "neg", "abs"})) Set(cost, Pipe::Multiply, 1, 1, 4);
    else if (OneOf(operation, {"mul", "mad"})) Set(cost, Pipe::Multiply, shape.Wide ? 4 : 1, shape.Wide ? 8 : 2, shape.Wide ? 12 : 5);
    else if (operation == "cvt") Set(cost, Pipe::Integer, 1, real && !Has(opcode, "tf32") && !Has(opcode, "f16x2") ? 4 : 2, 6);
    else if (operation == "shfl") Set(cost, Pipe::None, 1, 0, 24);
    else if (operation == "vote") Set(cost, Pipe::Integer, 1, 2, 12);
    else if (operation == "mma") Set(cost, Pipe::Tensor, 1, 6, 33);
    else Set(cost, Pipe::Integer, words, (u16)(2 * words), 5);
}

Cost CostOf(const Kernel& kernel, const Instruction& i, const Shape& shape) {
    Cost cost;
    auto& opcode = shape.Opcode;
    auto& operation = opcode[0];
    if (i.Kind != Flow::Next) {
        // The assembler orders blocks so that jumps without a condition rarely remain.
        cost.Free = i.Kind == Flow::Branch && i.Guard < 0;
        cost.Results = i.Kind == Flow::BarrierReduction;
        cost.Operands = i.Kind == Flow::BarrierReduction ? 2 : i.Kind == Flow::BranchIndexed ? 1 : 0;
        cost.Jumps = i.Kind == Flow::Branch || i.Kind == Flow::BranchIndexed;
        Set(cost, Pipe::None, 1, 0, 8);
        return cost;
    }

    cost.Results = ResultsOf(opcode, kernel.Text[i.Index]);
    cost.Operands = (u8)i.Target;
    bool parameter = (operation == "ld") && Has(opcode, "param");
    bool widens = operation == "cvt" && shape.Wide && (opcode.back() == "u32" || opcode.back() == "s32");
    cost.Free = operation == "mov" || operation == "cvta" || parameter || widens || OneOf(operation, {"membar", "fence", "prefetch"});
    if (cost.Free) return cost;
    if (OneOf(operation, {"ld", "st", "ldu", "atom", "red"})) SetMemory(cost, opcode);
    else if (operation == "ldmatrix") Set(cost, Pipe::None, 1, 0, 28), cost.Memory = Access::Matrix, cost.Bytes = 16;
    else if (operation == "cp" && Has(opcode, "commit_group")) Set(cost, Pipe::None, 1, 0, 0), cost.Memory = Access::AsyncCommit;
    else if (operation == "cp" && (Has(opcode, "wait_group") || Has(opcode, "wait_all"))) Set(cost, Pipe::None, 1, 0, 0), cost.Memory = Access::AsyncWait;
    else if (operation == "cp") Set(cost, Pipe::None, 1, 0, 0), cost.Memory = Access::AsyncCopy;
    else SetArithmetic(cost, shape, kernel, i);
    return cost;
}

using Liveness = std::vector<std::vector<u64>>;

bool Alive(const std::vector<u64>& slots, s32 slot) { return slots[slot / 64] >> slot % 64 & 1; }

// Whether instruction `user` is the only one that reads what `maker`, before it in the same basic block, has put into the slot.
bool OnlyUse(const Kernel& kernel, const std::vector<Cost>& costs, const Liveness& in, u32 maker, u32 user, s32 slot) {
    for (u32 k = maker + 1; k < user; k++) {
        auto& i = kernel.Code[k];
        for (int o = costs[k].Results; o < costs[k].Operands; o++)
            if (i.Op[o] == slot) return false;
        if (i.Guard == slot) return false;
    }
    auto& sum = kernel.Code[user];
    return sum.Op[1] != sum.Op[2] && (sum.Op[0] == slot || !Alive(in[user + 1], slot));
}

// A product, or a shift, whose only use is a sum behind it in the same block becomes a part of the sum.
void Fuse(const Kernel& kernel, const std::vector<Shape>& shapes, const std::vector<bool>& begins, const Liveness& in, std::vector<Cost>& costs) {
    std::vector<s32> madeBy(kernel.Slots, -1);
    for (auto& i : kernel.Code) {
        if (begins[i.Index]) std::fill(madeBy.begin(), madeBy.end(), -1);
        if (i.Kind != Flow::Next) continue;
        auto& opcode = shapes[i.Index].Opcode;
        if ((opcode[0] == "add" || opcode[0] == "sub") && !Has(opcode, "rn"))
            for (int k = 1; k <= 2; k++) {
                s32 slot = i.Op[k], maker = slot >= 0 ? madeBy[slot] : -1;
                if (maker < 0 || costs[maker].Free) continue;
                auto& from = shapes[maker].Opcode;
                bool real = opcode.back() == "f32", product = from[0] == "mul" && (from.back() == "f32") == real && !Has(from, "rn");
                bool shift = !real && from[0] == "shl" && opcode[0] == "add";
                if (!(product || shift) || !OnlyUse(kernel, costs, in, (u32)maker, i.Index, slot)) continue;
                if (!real) Set(costs[i.Index], product ? Pipe::Multiply : Pipe::Integer, 1, 2, 5);
                costs[maker].Free = true;
                break;
            }
        for (int k = 0; k < costs[i.Index].Results; k++)
            if (i.Op[k] >= 0) madeBy[i.Op[k]] = (s32)i.Index;
    }
}

// Values that are not kept in registers: parameters and constants, which instructions read where they lie.
std::vector<bool> Kept(const Kernel& kernel, const std::vector<Shape>& shapes, const std::vector<Cost>& costs) {
    std::vector<bool> kept(kernel.Slots, true);
    for (int k = 0; k < SpecialCount; k++) kept[k] = false;
    std::vector<u32> definitions(kernel.Slots, 0);
    for (auto& i : kernel.Code)
        for (int k = 0; k < costs[i.Index].Results; k++)
            if (i.Op[k] >= 0) definitions[i.Op[k]]++;
    for (auto& i : kernel.Code) {
        auto& opcode = shapes[i.Index].Opcode;
        bool parameter = opcode[0] == "ld" && Has(opcode, "param"), constant = opcode[0] == "mov" && i.Op[1] < 0;
        if ((parameter || constant) && i.Op[0] >= 0 && definitions[i.Op[0]] == 1) kept[i.Op[0]] = false;
    }
    return kept;
}

// What is alive before each instruction, by the usual analysis backwards.
Liveness LivenessOf(const Kernel& kernel, const std::vector<Cost>& costs) {
    u32 size = (u32)kernel.Code.size(), words = (kernel.Slots + 63) / 64;
    Liveness in(size + 1, std::vector<u64>(words, 0));
    std::vector<u64> alive(words);
    for (bool changed = true; changed;) {
        changed = false;
        for (u32 k = size; k-- > 0;) {
            auto& i = kernel.Code[k];
            auto& cost = costs[k];
            bool falls = !(i.Guard < 0 && (i.Kind == Flow::Branch || i.Kind == Flow::BranchIndexed || i.Kind == Flow::Exit));
            if (falls) alive = in[k + 1];
            else alive.assign(words, 0);
            auto join = [&](u32 target) {
                for (u32 w = 0; w < words; w++) alive[w] |= in[target][w];
            };
            if (i.Kind == Flow::Branch) join(i.Target);
            if (i.Kind == Flow::BranchIndexed)
                for (u32 target : kernel.Tables[i.Table]) join(target);
            for (int o = 0; o < cost.Results; o++)
                if (i.Op[o] >= 0 && i.Guard < 0) alive[i.Op[o] / 64] &= ~(1ull << i.Op[o] % 64);
            auto use = [&](s32 slot) {
                if (slot >= 0) alive[slot / 64] |= 1ull << slot % 64;
            };
            for (int o = cost.Results; o < cost.Operands; o++) use(i.Op[o]);
            use(i.Guard);
            if (alive != in[k]) in[k] = alive, changed = true;
        }
    }
    return in;
}

// The most 32-bit values that are alive at once.
u32 RegistersOf(const Kernel& kernel, const std::vector<bool>& kept, const Liveness& in) {
    u32 most = 0;
    for (auto& alive : in) {
        u32 count = 0;
        for (u32 w = 0; w < alive.size(); w++)
            for (u64 rest = alive[w]; rest; rest &= rest - 1) {
                u32 slot = w * 64 + (u32)__builtin_ctzll(rest);
                if (kept[slot]) count += kernel.Widths[slot];
            }
        most = std::max(most, count);
    }
    return most;
}

}  // namespace

KernelCosts CostsOf(const Kernel& kernel) {
    std::vector<Shape> shapes;
    KernelCosts costs;
    for (auto& i : kernel.Code) {
        shapes.push_back(ShapeOf(kernel.Text[i.Index]));
        costs.Of.push_back(CostOf(kernel, i, shapes.back()));
    }
    costs.Begins = BlockBegins(kernel);
    auto alive = LivenessOf(kernel, costs.Of);
    // 10 for addresses and what the assembler keeps beside the values.
    costs.Registers = std::min(255u, RegistersOf(kernel, Kept(kernel, shapes, costs.Of), alive) + 10);
    Fuse(kernel, shapes, costs.Begins, alive, costs.Of);
    UseMachineCode(kernel, Assemble(kernel), costs);
    return costs;
}

}  // namespace emulator
