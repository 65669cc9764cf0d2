// What a GPU may compute otherwise than the interpreter does by itself: products fused with sums (ptxas fuses a mul and an add without a rounding
// modifier), and approximate instructions as far from the truth as the PTX ISA allows. Both change a kernel after it was read.
#include <cmath>
#include <cstdint>

#include "Lanes.h"

namespace emulator {

namespace {

// --- Approximate instructions -------------------------------------------------------------------------------------------------------------

enum class Approximation : u8 { None, Ex2, Lg2, Sine, Tanh, Root, Ulp, TwoUlps };

Approximation Kind(const std::string& opcode) {
    bool approximate = opcode.find(".approx") != std::string::npos, full = opcode.find(".full") != std::string::npos;
    if ((!approximate && !full) || opcode.compare(opcode.size() - 4, 4, ".f32") != 0) return Approximation::None;
    auto name = opcode.substr(0, opcode.find('.'));
    if (name == "ex2") return Approximation::Ex2;
    if (name == "lg2") return Approximation::Lg2;
    if (name == "sin" || name == "cos") return Approximation::Sine;
    if (name == "tanh") return Approximation::Tanh;
    if (name == "rsqrt") return Approximation::Root;
    if (name == "div") return Approximation::TwoUlps;
    return name == "rcp" || name == "sqrt" ? Approximation::Ulp : Approximation::None;
}

enum class Side { Exact, Above, Below, Either };

Side Wanted() {
    static const auto side = [] {
        auto text = Setting("CUDA_EMULATOR_APPROX", "");
        return text == "worst" ? Side::Either : text == "above" ? Side::Above : text == "below" ? Side::Below : Side::Exact;
    }();
    return side;
}

// The largest errors of the PTX ISA. What it says to be exact stays so.
float Perturbed(Approximation kind, float value, Side side) {
    if (!std::isfinite(value) || value == 0) return value;
    u32 bits;
    std::memcpy(&bits, &value, 4);
    double sign = side == Side::Above ? 1 : side == Side::Below ? -1 : (bits * 0x9e3779b1u) >> 31 ? 1 : -1;
    double size = std::fabs((double)value), error;
    switch (kind) {
        case Approximation::Ex2: error = value == 1 ? 0 : size * 0x1p-22; break;
        case Approximation::Lg2: error = size <= 1 ? 0x1p-22 : size * 0x1p-22; break;
        case Approximation::Sine: error = value == 1 ? 0 : 0x1.6ap-21; break;
        case Approximation::Tanh: error = size * 0x1p-11; break;
        case Approximation::Root: error = size * 0x1.12p-23; break;
        case Approximation::Ulp: error = size * 0x1p-23; break;
        case Approximation::TwoUlps: error = size * 0x1p-22; break;
        default: error = 0; break;
    }
    return (float)(value + sign * error);
}

void RunPerturbed(Execution& e, const Instruction& i, u32 lanes) {
    reinterpret_cast<Handler>((std::intptr_t)i.Offset)(e, i, lanes);
    auto kind = (Approximation)i.Mode;
    auto side = Wanted();
    float* d = Write<float>(e, i.Op[0]);
    for (int l = 0; l < WarpSize; l++)
        if (lanes >> l & 1) d[l] = Perturbed(kind, d[l], side);
}

// --- Fused products -----------------------------------------------------------------------------------------------------------------------

void Fused(Execution& e, const Instruction& i, u32 m) { Map3<float, float, float, float>(e, i, m, [](float a, float b, float c) { return std::fma(a, b, c); }); }
void FusedMinus(Execution& e, const Instruction& i, u32 m) { Map3<float, float, float, float>(e, i, m, [](float a, float b, float c) { return std::fma(a, b, -c); }); }
void MinusFused(Execution& e, const Instruction& i, u32 m) { Map3<float, float, float, float>(e, i, m, [](float a, float b, float c) { return std::fma(-a, b, c); }); }

// Whether an instruction may write a slot: its first operand, or any of one that has several results.
bool Writes(const Instruction& i, const std::string& opcode, s32 slot) {
    if (opcode.compare(0, 2, "st") == 0) return false;
    bool several = opcode.find(".v2") != std::string::npos || opcode.find(".v4") != std::string::npos || opcode.compare(0, 3, "mma") == 0
        || opcode.compare(0, 8, "ldmatrix") == 0 || opcode.compare(0, 4, "shfl") == 0 || opcode.compare(0, 4, "setp") == 0;
    if (!several) return i.Op[0] == slot;
    for (auto operand : i.Op)
        if (operand == slot) return true;
    return false;
}

class Contraction {
    Kernel& _kernel;
    bool _second;
    std::vector<std::string> _opcodes;
    std::vector<bool> _begins;

    // The product that a slot holds before instruction `at`, if its factors are still there; -1 for none.
    int ProductBefore(u32 at, s32 slot) const {
        if (slot < 0) return -1;
        for (u32 k = at; k > 0 && !_begins[k];) {
            auto& candidate = _kernel.Code[--k];
            if (candidate.Kind != Flow::Next) return -1;
            if (!Writes(candidate, _opcodes[k], slot)) continue;
            if (_opcodes[k] != "mul.f32" || candidate.Guard != _kernel.Code[at].Guard || candidate.GuardNegated != _kernel.Code[at].GuardNegated) return -1;
            for (u32 between = k; between < at; between++)
                for (int n = 1; n <= 2; n++)
                    if (Writes(_kernel.Code[between], _opcodes[between], candidate.Op[n])) return -1;
            return (int)k;
        }
        return -1;
    }

public:
    Contraction(Kernel& kernel, bool second) : _kernel(kernel), _second(second), _begins(BlockBegins(kernel)) {
        for (auto& statement : kernel.Text) _opcodes.push_back(OpcodeOf(statement));
    }

    void Run() {
        for (u32 at = 0; at < _kernel.Code.size(); at++) {
            bool minus = _opcodes[at] == "sub.f32";
            if (!minus && _opcodes[at] != "add.f32") continue;
            auto& i = _kernel.Code[at];
            int first = ProductBefore(at, i.Op[1]), second = ProductBefore(at, i.Op[2]);
            if (first < 0 && second < 0) continue;
            bool takesSecond = first < 0 || (second >= 0 && _second);
            auto& product = _kernel.Code[(u32)(takesSecond ? second : first)];
            auto other = i.Op[takesSecond ? 1 : 2];
            i.Op[1] = product.Op[1], i.Op[2] = product.Op[2], i.Op[3] = other;
            i.Run = !minus ? Fused : takesSecond ? MinusFused : FusedMinus;
        }
    }
};

}  // namespace

void ComputeAsOnGpu(Kernel& kernel) {
    static const std::string fuses = Setting("CUDA_EMULATOR_FMAD", "0");
    if (fuses != "0") Contraction(kernel, fuses == "2").Run();
    if (Wanted() == Side::Exact) return;
    for (std::size_t k = 0; k < kernel.Code.size(); k++)
        if (auto kind = Kind(OpcodeOf(kernel.Text[k])); kind != Approximation::None) {
            auto& i = kernel.Code[k];
            i.Offset = (s64)(std::intptr_t)i.Run;
            i.Mode = (u8)kind;
            i.Run = RunPerturbed;
        }
}

}  // namespace emulator
