// Names of types, and the error that a faulty kernel ends with.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

namespace emulator {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;

constexpr int WarpSize = 32;
constexpr u32 AllLanes = 0xffffffffu;

// Results of the driver API, as in its public documentation.
enum Result : int {
    Success = 0,
    InvalidValue = 1,
    OutOfMemory = 2,
    NotInitialized = 3,
    InvalidDevice = 101,
    InvalidContext = 201,
    InvalidPtx = 218,
    InvalidHandle = 400,
    NotFound = 500,
    NotReady = 600,
    IllegalAddress = 700,
    LaunchOutOfResources = 701,
    IllegalInstruction = 715,
    MisalignedAddress = 716,
    LaunchFailed = 719,
    NotSupported = 801,
    StreamCaptureUnsupported = 900,
    StreamCaptureInvalidated = 901,
    StreamCaptureUnmatched = 903,
    StreamCaptureImplicit = 906,
    StreamCaptureWrongThread = 908,
};

// What a kernel did wrong; the launch's context then fails with Code.
struct Trap : std::runtime_error {
    Result Code;
    Trap(Result code, const std::string& what) : std::runtime_error(what), Code(code) {}
};

// A module that the emulator cannot read.
struct PtxError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// An environment variable's value, or the fallback.
inline std::string Setting(const char* name, const char* fallback) {
    const char* value = std::getenv(name);
    return value && *value ? value : fallback;
}

inline bool Enabled(const char* name, bool fallback) { return Setting(name, fallback ? "1" : "0") != "0"; }

}  // namespace emulator
