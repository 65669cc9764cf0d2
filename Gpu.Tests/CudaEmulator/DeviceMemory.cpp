// Allocations are anonymous mappings of the host, filled with ones so that a float read before it is written is NaN.
#include "DeviceMemory.h"
#include "Profile.h"

#include <cstdlib>
#include <map>
#include <mutex>

namespace emulator::memory {

namespace {
struct Part {
    u64 Bytes;
    bool Device;
};
std::mutex gate;
std::map<u64, Part> parts;
u64 used = 0;
constexpr u64 Alignment = 512, Granularity = 512;
}  // namespace

u64 Total() {
    static const u64 total = std::strtoull(Setting("CUDA_EMULATOR_MEMORY", "150754820096").c_str(), nullptr, 10);
    return total;
}

u64 InUse() {
    std::lock_guard lock(gate);
    return used;
}

Result Allocate(u64 bytes, u64& address) {
    if (bytes == 0) return InvalidValue;
    std::lock_guard lock(gate);
    u64 rounded = (bytes + Granularity - 1) / Granularity * Granularity;
    if (rounded < bytes || used + rounded > Total()) return OutOfMemory;
    void* memory = std::aligned_alloc(Alignment, rounded);
    if (!memory) return OutOfMemory;
    // NaN, so that what nobody wrote is seen; zeros, which are valid as indices, too, where blocks are left out.
    if (SampleOnly) std::memset(memory, 0, bytes);
    else if (bytes <= (1u << 30)) std::memset(memory, 0xff, bytes);
    address = (u64)memory;
    parts[address] = {bytes, true};
    used += rounded;
    return Success;
}

Result Free(u64 address) {
    if (address == 0) return Success;
    std::lock_guard lock(gate);
    auto part = parts.find(address);
    if (part == parts.end() || !part->second.Device) return InvalidValue;
    used -= (part->second.Bytes + Granularity - 1) / Granularity * Granularity;
    parts.erase(part);
    std::free((void*)address);
    return Success;
}

void Register(u64 address, u64 bytes, bool) {
    std::lock_guard lock(gate);
    parts[address] = {bytes, false};
}

bool Unregister(u64 address) {
    std::lock_guard lock(gate);
    auto part = parts.find(address);
    if (part == parts.end() || part->second.Device) return false;
    parts.erase(part);
    return true;
}

bool Find(u64 address, Range& range) {
    std::lock_guard lock(gate);
    auto part = parts.upper_bound(address);
    if (part == parts.begin()) return false;
    --part;
    if (address >= part->first + part->second.Bytes) return false;
    range = {part->first, part->first + part->second.Bytes};
    return true;
}

}  // namespace emulator::memory
