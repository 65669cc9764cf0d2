// Arithmetic, logic, comparisons, selections and moves. Every handler is one operation for one type.
#include <cmath>
#include <limits>
#include <unordered_map>

#include "Lanes.h"

namespace emulator {

namespace {

#define UNARY(name, R, A, expression) \
    { name, [](Execution& e, const Instruction& i, u32 m) { Map1<R, A>(e, i, m, [](auto a) { return expression; }); } }
#define BINARY(name, R, A, B, expression) \
    { name, [](Execution& e, const Instruction& i, u32 m) { Map2<R, A, B>(e, i, m, [](auto a, auto b) { return expression; }); } }
#define TERNARY(name, R, A, B, C, expression) \
    { name, [](Execution& e, const Instruction& i, u32 m) { Map3<R, A, B, C>(e, i, m, [](auto a, auto b, auto c) { return expression; }); } }

// Of two numbers where one is NaN, the other.
template <class T> inline T Smaller(T a, T b) { return a != a ? b : b != b ? a : a < b || (a == b && std::signbit(a)) ? a : b; }
template <class T> inline T Larger(T a, T b) { return a != a ? b : b != b ? a : a > b || (a == b && !std::signbit(a)) ? a : b; }
template <class T> inline T LargerOrNaN(T a, T b) { return a != a ? a : b != b ? b : Larger(a, b); }
template <class T> inline T SmallerOrNaN(T a, T b) { return a != a ? a : b != b ? b : Smaller(a, b); }

template <class T> inline T Divide(T a, T b) {
    if (b == 0) return (T)~(T)0;
    if constexpr (std::is_signed_v<T>) { if (b == -1) return (T)(0 - (std::make_unsigned_t<T>)a); }
    return (T)(a / b);
}

template <class T> inline T Remainder(T a, T b) {
    if (b == 0) return a;
    if constexpr (std::is_signed_v<T>) { if (b == -1) return 0; }
    return (T)(a % b);
}

template <class T> inline T ShiftLeft(T a, u32 b) { return b >= 8 * sizeof(T) ? (T)0 : (T)(a << b); }
template <class T> inline T ShiftRight(T a, u32 b) {
    if (b >= 8 * sizeof(T)) return a < 0 ? (T)-1 : (T)0;
    return (T)(a >> b);
}

#define INTEGER(t, U, S) \
    BINARY("add." t, U, U, U, (U)(a + b)), BINARY("sub." t, U, U, U, (U)(a - b)), BINARY("mul.lo." t, U, U, U, (U)((u64)a * (u64)b)), \
    TERNARY("mad.lo." t, U, U, U, U, (U)((u64)a * (u64)b + (u64)c)), BINARY("div." t, S, S, S, Divide<S>(a, b)), BINARY("rem." t, S, S, S, Remainder<S>(a, b)), \
    BINARY("min." t, S, S, S, (S)(a < b ? a : b)), BINARY("max." t, S, S, S, (S)(a > b ? a : b)), BINARY("shr." t, S, S, u32, ShiftRight<S>(a, b)), \
    UNARY("neg." t, U, U, (U)(0 - (u64)a)), UNARY("abs." t, S, S, (S)(a < 0 ? 0 - (u64)a : (u64)a))

#define BITS(t, U) \
    BINARY("and." t, U, U, U, (U)(a & b)), BINARY("or." t, U, U, U, (U)(a | b)), BINARY("xor." t, U, U, U, (U)(a ^ b)), UNARY("not." t, U, U, (U)~a), \
    BINARY("shl." t, U, U, u32, ShiftLeft<U>(a, b)), BINARY("shr." t, U, U, u32, ShiftRight<U>(a, b)), UNARY("mov." t, U, U, a), \
    TERNARY("selp." t, U, U, U, pred_t, c ? a : b)

#define REAL(t, T, C) \
    BINARY("add." t, T, T, T, a + b), BINARY("sub." t, T, T, T, a - b), BINARY("mul." t, T, T, T, a * b), BINARY("min." t, T, T, T, Smaller<C>(a, b)), \
    BINARY("max." t, T, T, T, Larger<C>(a, b)), BINARY("min.NaN." t, T, T, T, SmallerOrNaN<C>(a, b)), BINARY("max.NaN." t, T, T, T, LargerOrNaN<C>(a, b)), \
    UNARY("neg." t, T, T, -a), UNARY("abs." t, T, T, std::fabs(a)), BINARY("div." t, T, T, T, a / b), \
    UNARY("rcp." t, T, T, (C)1 / a), UNARY("sqrt." t, T, T, std::sqrt(a)), UNARY("rsqrt." t, T, T, (C)1 / std::sqrt(a)), UNARY("ex2." t, T, T, std::exp2(a)), \
    UNARY("lg2." t, T, T, std::log2(a)), UNARY("sin." t, T, T, std::sin(a)), UNARY("cos." t, T, T, std::cos(a)), UNARY("tanh." t, T, T, std::tanh(a)), \
    UNARY("testp.finite." t, pred_t, T, (u32)(std::fabs(a) <= std::numeric_limits<C>::max())), \
    UNARY("testp.infinite." t, pred_t, T, (u32)(std::fabs(a) == std::numeric_limits<C>::infinity())), UNARY("testp.notanumber." t, pred_t, T, (u32)(a != a)), \
    UNARY("testp.number." t, pred_t, T, (u32)(a == a)), BINARY("copysign." t, T, T, T, std::copysign((C)b, (C)a))

#define COMPARE(t, T) \
    BINARY("setp.eq." t, pred_t, T, T, (u32)(a == b)), BINARY("setp.ne." t, pred_t, T, T, (u32)(a != b && a == a && b == b)), \
    BINARY("setp.lt." t, pred_t, T, T, (u32)(a < b)), BINARY("setp.le." t, pred_t, T, T, (u32)(a <= b)), \
    BINARY("setp.gt." t, pred_t, T, T, (u32)(a > b)), BINARY("setp.ge." t, pred_t, T, T, (u32)(a >= b))

#define UNORDERED(t, T) \
    BINARY("setp.equ." t, pred_t, T, T, (u32) !(a < b || a > b)), BINARY("setp.neu." t, pred_t, T, T, (u32)(a != b)), \
    BINARY("setp.ltu." t, pred_t, T, T, (u32) !(a >= b)), BINARY("setp.leu." t, pred_t, T, T, (u32) !(a > b)), \
    BINARY("setp.gtu." t, pred_t, T, T, (u32) !(a <= b)), BINARY("setp.geu." t, pred_t, T, T, (u32) !(a < b)), \
    BINARY("setp.num." t, pred_t, T, T, (u32)(a == a && b == b)), BINARY("setp.nan." t, pred_t, T, T, (u32)(a != a || b != b))

#define HIGHER(t, T) \
    BINARY("setp.lo." t, pred_t, T, T, (u32)(a < b)), BINARY("setp.ls." t, pred_t, T, T, (u32)(a <= b)), BINARY("setp.hi." t, pred_t, T, T, (u32)(a > b)), \
    BINARY("setp.hs." t, pred_t, T, T, (u32)(a >= b))

template <class T> inline T Reverse(T a) {
    T r = 0;
    for (unsigned k = 0; k < 8 * sizeof(T); k++) r |= ((a >> k) & 1) << (8 * sizeof(T) - 1 - k);
    return r;
}

// a b + c rounded towards zero, so a finite sum stays finite.
inline float FusedTowardsZero(float a, float b, float c) {
    double exact = (double)a * b + c;
    float nearest = (float)exact;
    if (!std::isfinite(exact) || std::fabs((double)nearest) <= std::fabs(exact)) return nearest;
    return std::nextafter(nearest, 0.0f);
}

const std::unordered_map<std::string, Handler> table = {
    INTEGER("s16", s16, s16), INTEGER("u16", u16, u16), INTEGER("s32", u32, s32), INTEGER("u32", u32, u32), INTEGER("s64", u64, s64), INTEGER("u64", u64, u64),
    BITS("b16", u16), BITS("b32", u32), BITS("b64", u64),
    REAL("f32", float, float), REAL("f64", double, double), REAL("f16", half_t, float),
    COMPARE("s16", s16), COMPARE("u16", u16), COMPARE("b16", u16), COMPARE("s32", s32), COMPARE("u32", u32), COMPARE("b32", u32), COMPARE("s64", s64),
    COMPARE("u64", u64), COMPARE("b64", u64), COMPARE("f32", float), COMPARE("f64", double), COMPARE("f16", half_t),
    UNORDERED("f32", float), UNORDERED("f64", double), UNORDERED("f16", half_t), HIGHER("u16", u16), HIGHER("u32", u32), HIGHER("u64", u64),
    BINARY("mul.wide.u32", u64, u32, u32, (u64)a * b), BINARY("mul.wide.s32", s64, s32, s32, (s64)a * b),
    BINARY("mul.wide.u16", u32, u16, u16, (u32)a * b), BINARY("mul.wide.s16", s32, s16, s16, (s32)a * b),
    TERNARY("mad.wide.u32", u64, u32, u32, u64, (u64)a * b + c), TERNARY("mad.wide.s32", s64, s32, s32, s64, (s64)a * b + c),
    BINARY("mul.hi.u32", u32, u32, u32, (u32)((u64)a * b >> 32)), BINARY("mul.hi.s32", s32, s32, s32, (s32)((s64)a * b >> 32)),
    BINARY("mul.hi.u64", u64, u64, u64, (u64)((unsigned __int128)a * b >> 64)), BINARY("mul.hi.s64", s64, s64, s64, (s64)((__int128)a * b >> 64)),
    TERNARY("fma.f32", float, float, float, float, std::fma(a, b, c)), TERNARY("fma.f64", double, double, double, double, std::fma(a, b, c)),
    TERNARY("fma.rz.f32", float, float, float, float, FusedTowardsZero(a, b, c)),
    TERNARY("fma.f16", half_t, half_t, half_t, half_t, (float)((double)a * b + c)),
    UNARY("popc.b32", u32, u32, (u32)__builtin_popcountll(a)), UNARY("popc.b64", u32, u64, (u32)__builtin_popcountll(a)),
    UNARY("clz.b32", u32, u32, a ? (u32)__builtin_clz(a) : 32u), UNARY("clz.b64", u32, u64, a ? (u32)__builtin_clzll(a) : 64u),
    UNARY("brev.b32", u32, u32, Reverse(a)), UNARY("brev.b64", u64, u64, Reverse(a)),
    BINARY("and.pred", pred_t, pred_t, pred_t, a & b), BINARY("or.pred", pred_t, pred_t, pred_t, a | b), BINARY("xor.pred", pred_t, pred_t, pred_t, a ^ b),
    UNARY("not.pred", pred_t, pred_t, a ^ 1), UNARY("mov.pred", pred_t, pred_t, a),
};

Handler Lookup(const std::string& name) {
    auto known = table.find(name);
    return known == table.end() ? nullptr : known->second;
}

}  // namespace

// Rounding to nearest is the only one known here, except for fma.rz; approximate instructions give the correctly rounded result.
Handler FindArithmetic(const Parts& opcode, Instruction& instruction) {
    std::string name, combination;
    auto& operation = opcode[0];
    for (auto& part : opcode) {
        if (part == "rn" || part == "ftz" || part == "approx" || part == "full") continue;
        if (operation == "setp" && (part == "and" || part == "or" || part == "xor")) {
            combination = part;
            continue;
        }
        name += (name.empty() ? "" : ".") + part;
    }

    if (operation == "mov" || operation == "selp") {
        auto& type = opcode.back();
        if (type == "f16" || type == "u16" || type == "s16") name = operation + ".b16";
        else if (type == "f32" || type == "u32" || type == "s32") name = operation + ".b32";
        else if (type == "f64" || type == "u64" || type == "s64") name = operation + ".b64";
    }

    auto handler = Lookup(name);
    if (!handler || combination.empty()) return handler;
    instruction.Mode = combination == "and" ? 1 : combination == "or" ? 2 : 3;
    // The comparison runs as its own handler into the sink, then the two predicates are combined.
    instruction.Offset = (s64)(std::intptr_t)handler;
    return [](Execution& e, const Instruction& i, u32 lanes) {
        Instruction first = i;
        first.Op[0] = Sink;
        reinterpret_cast<Handler>((std::intptr_t)i.Offset)(e, first, lanes);
        auto* a = e.In(Sink).w;
        auto* b = e.In(i.Op[3]).w;
        auto mode = i.Mode;
        Store<pred_t>(e, i.Op[0], lanes, [=](int l) { return mode == 1 ? a[l] & b[l] : mode == 2 ? a[l] | b[l] : a[l] ^ b[l]; });
    };
}

}  // namespace emulator
