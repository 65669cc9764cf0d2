// IEEE half precision in software: conversions to and from float, to nearest with ties to even.
#pragma once
#include "Common.h"

namespace emulator {

inline float HalfToFloat(u32 h) {
    u32 sign = (h & 0x8000u) << 16, exponent = (h >> 10) & 31, mantissa = h & 0x3ff, bits;
    if (exponent == 31) bits = sign | 0x7f800000u | (mantissa << 13);
    else if (exponent) bits = sign | ((exponent + 112) << 23) | (mantissa << 13);
    else {
        float value = (float)mantissa * 0x1p-24f;
        std::memcpy(&bits, &value, 4);
        bits |= sign;
    }
    float f;
    std::memcpy(&f, &bits, 4);
    return f;
}

inline u32 FloatToHalf(float f) {
    u32 bits;
    std::memcpy(&bits, &f, 4);
    u32 sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return 0x7fffu;
    if (magnitude >= 0x477ff000u) return sign | 0x7c00u;
    if (magnitude < 0x38800000u) {
        float value;
        std::memcpy(&value, &magnitude, 4);
        value += 0.5f;  // the lowest bit of 0.5 is 2^-24, that of the smallest half; the addition rounds
        u32 rounded;
        std::memcpy(&rounded, &value, 4);
        return sign | (rounded - 0x3f000000u);
    }
    u32 odd = (magnitude >> 13) & 1;
    return sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13);
}

}  // namespace emulator
