// cvt: between integers and reals, with the rounding modes that PTX names.
#include <cfenv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "Lanes.h"

namespace emulator {

namespace {

enum Rounding : u8 { Nearest, Zero, Down, Up };

template <class C> inline C RoundToInteger(C v, u8 mode) {
    switch (mode) {
        case Zero: return std::trunc(v);
        case Down: return std::floor(v);
        case Up: return std::ceil(v);
        default: return std::nearbyint(v);
    }
}

template <class T> struct Number { using C = T; };
template <> struct Number<half_t> { using C = float; };

template <class T> constexpr bool IsReal = std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, half_t>;

template <class D, u8 Mode>
inline D ToInteger(double v) {
    if (v != v) return 0;
    v = RoundToInteger(v, Mode);
    if (v <= (double)std::numeric_limits<D>::min()) return std::numeric_limits<D>::min();
    if (v >= (double)std::numeric_limits<D>::max()) return std::numeric_limits<D>::max();
    return (D)v;
}

template <class D, class S, u8 Mode, bool Integral>
void Convert(Execution& e, const Instruction& i, u32 lanes) {
    Map1<D, S>(e, i, lanes, [](auto a) {
        if constexpr (IsReal<D>) {
            using C = typename Number<D>::C;
            if constexpr (IsReal<S> && Integral) return (C)RoundToInteger(a, Mode);
            else return (C)a;
        } else if constexpr (IsReal<S>) return ToInteger<D, Mode>((double)a);
        else return (D)a;
    });
}

template <class D, class S>
Handler ForMode(u8 mode, bool integral) {
    if constexpr (!IsReal<S>) return Convert<D, S, Nearest, false>;
    else if constexpr (IsReal<D>) {
        if (!integral) return Convert<D, S, Nearest, false>;
    }

    if constexpr (IsReal<S>) {
        switch (mode) {
            case Zero: return Convert<D, S, Zero, true>;
            case Down: return Convert<D, S, Down, true>;
            case Up: return Convert<D, S, Up, true>;
            default: return Convert<D, S, Nearest, true>;
        }
    }
    return nullptr;
}

template <class D>
Handler ForSource(const std::string& s, u8 mode, bool integral) {
    if (s == "s8") return ForMode<D, s8>(mode, integral);
    if (s == "u8") return ForMode<D, u8>(mode, integral);
    if (s == "s16") return ForMode<D, s16>(mode, integral);
    if (s == "u16") return ForMode<D, u16>(mode, integral);
    if (s == "s32") return ForMode<D, s32>(mode, integral);
    if (s == "u32") return ForMode<D, u32>(mode, integral);
    if (s == "s64") return ForMode<D, s64>(mode, integral);
    if (s == "u64") return ForMode<D, u64>(mode, integral);
    if (s == "f16") return ForMode<D, half_t>(mode, integral);
    if (s == "f32") return ForMode<D, float>(mode, integral);
    if (s == "f64") return ForMode<D, double>(mode, integral);
    return nullptr;
}

// To nearest with ties away from zero, 10 bits of mantissa; the lower 13 bits of the result are 0.
inline u32 ToTf32(u32 bits) {
    if ((bits & 0x7f800000u) == 0x7f800000u) return bits & 0x007fffffu ? 0x7fffffffu : bits;
    return (bits + 0x1000u) & 0xffffe000u;
}

}  // namespace

Handler FindConversion(const Parts& opcode, Instruction&) {
    if (opcode[0] != "cvt" || opcode.size() < 3) return nullptr;
    auto& from = opcode[opcode.size() - 1];
    auto& to = opcode[opcode.size() - 2];
    if (to == "tf32" && from == "f32" && Has(opcode, "rna"))
        return [](Execution& e, const Instruction& i, u32 m) { Map1<u32, u32>(e, i, m, [](u32 a) { return ToTf32(a); }); };
    // The first operand becomes the upper half.
    if (to == "f16x2" && from == "f32" && Has(opcode, "rn"))
        return [](Execution& e, const Instruction& i, u32 m) {
            Map2<u32, float, float>(e, i, m, [](float a, float b) { return FloatToHalf(a) << 16 | FloatToHalf(b); });
        };

    u8 mode = Nearest;
    bool integral = false;
    for (std::size_t k = 1; k + 2 < opcode.size(); k++) {
        auto& part = opcode[k];
        if (part == "rni") integral = true;
        else if (part == "rzi") integral = true, mode = Zero;
        else if (part == "rmi") integral = true, mode = Down;
        else if (part == "rpi") integral = true, mode = Up;
        else if (part != "rn" && part != "ftz") return nullptr;
    }

    if (to == "s8") return ForSource<s8>(from, mode, integral);
    if (to == "u8") return ForSource<u8>(from, mode, integral);
    if (to == "s16") return ForSource<s16>(from, mode, integral);
    if (to == "u16") return ForSource<u16>(from, mode, integral);
    if (to == "s32") return ForSource<s32>(from, mode, integral);
    if (to == "u32") return ForSource<u32>(from, mode, integral);
    if (to == "s64") return ForSource<s64>(from, mode, integral);
    if (to == "u64") return ForSource<u64>(from, mode, integral);
    if (to == "f16") return ForSource<half_t>(from, mode, integral);
    if (to == "f32") return ForSource<float>(from, mode, integral);
    if (to == "f64") return ForSource<double>(from, mode, integral);
    return nullptr;
}

}  // namespace emulator
