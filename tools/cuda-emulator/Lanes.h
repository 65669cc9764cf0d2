// Element-wise operations over the 32 lanes of registers, in loops that the compiler turns into vector instructions.
#pragma once
#include "Execution.h"
#include "Half.h"

namespace emulator {

struct half_t { u16 Bits; };
struct pred_t { u32 Value; };

// How a type lies in a slot: the array it uses, and the way in and out.
template <class T> struct Lane;
template <> struct Lane<u32> { using S = u32; static u32 Get(S s) { return s; } static S Put(u32 v) { return v; } };
template <> struct Lane<s32> { using S = s32; static s32 Get(S s) { return s; } static S Put(s32 v) { return v; } };
template <> struct Lane<float> { using S = float; static float Get(S s) { return s; } static S Put(float v) { return v; } };
template <> struct Lane<u64> { using S = u64; static u64 Get(S s) { return s; } static S Put(u64 v) { return v; } };
template <> struct Lane<s64> { using S = s64; static s64 Get(S s) { return s; } static S Put(s64 v) { return v; } };
template <> struct Lane<double> { using S = double; static double Get(S s) { return s; } static S Put(double v) { return v; } };
template <> struct Lane<u16> { using S = u32; static u16 Get(S s) { return (u16)s; } static S Put(u16 v) { return v; } };
template <> struct Lane<s16> { using S = u32; static s16 Get(S s) { return (s16)s; } static S Put(s16 v) { return (u16)v; } };
template <> struct Lane<u8> { using S = u32; static u8 Get(S s) { return (u8)s; } static S Put(u8 v) { return v; } };
template <> struct Lane<s8> { using S = u32; static s8 Get(S s) { return (s8)s; } static S Put(s8 v) { return (u32)(s32)v; } };
template <> struct Lane<half_t> { using S = u32; static float Get(S s) { return HalfToFloat(s & 0xffff); } static S Put(float v) { return FloatToHalf(v); } };
template <> struct Lane<pred_t> { using S = u32; static u32 Get(S s) { return s; } static S Put(u32 v) { return v; } };

template <class T> using StoreOf = typename Lane<T>::S;

template <class T> const StoreOf<T>* Read(const Execution& e, s32 operand) { return reinterpret_cast<const StoreOf<T>*>(&e.In(operand)); }
template <class T> StoreOf<T>* Write(Execution& e, s32 operand) { return reinterpret_cast<StoreOf<T>*>(&e.Out(operand)); }

// d = f(lane); lanes that do not take part keep their value.
template <class R, class F>
inline void Store(Execution& e, s32 operand, u32 lanes, F f) {
    auto* d = Write<R>(e, operand);
    if (lanes == AllLanes) {
#pragma GCC ivdep
        for (int l = 0; l < WarpSize; l++) d[l] = Lane<R>::Put(f(l));
    } else {
        const u32* mask = e.MaskOf(lanes);
#pragma GCC ivdep
        for (int l = 0; l < WarpSize; l++) {
            auto value = Lane<R>::Put(f(l));
            d[l] = mask[l] ? value : d[l];
        }
    }
}

template <class R, class A, class F>
void Map1(Execution& e, const Instruction& i, u32 lanes, F f) {
    auto* a = Read<A>(e, i.Op[1]);
    Store<R>(e, i.Op[0], lanes, [=](int l) { return f(Lane<A>::Get(a[l])); });
}

template <class R, class A, class B, class F>
void Map2(Execution& e, const Instruction& i, u32 lanes, F f) {
    auto* a = Read<A>(e, i.Op[1]);
    auto* b = Read<B>(e, i.Op[2]);
    Store<R>(e, i.Op[0], lanes, [=](int l) { return f(Lane<A>::Get(a[l]), Lane<B>::Get(b[l])); });
}

template <class R, class A, class B, class C, class F>
void Map3(Execution& e, const Instruction& i, u32 lanes, F f) {
    auto* a = Read<A>(e, i.Op[1]);
    auto* b = Read<B>(e, i.Op[2]);
    auto* c = Read<C>(e, i.Op[3]);
    Store<R>(e, i.Op[0], lanes, [=](int l) { return f(Lane<A>::Get(a[l]), Lane<B>::Get(b[l]), Lane<C>::Get(c[l])); });
}

}  // namespace emulator
