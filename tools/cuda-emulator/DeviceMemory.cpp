// Allocations are memory of the host, filled with ones so that a float read before it is written is NaN.
#include "DeviceMemory.h"
#include "Profile.h"

#include <sys/mman.h>

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
constexpr u64 Alignment = 512, Granularity = 512, Page = 4096;

// Where work is deferred, addresses are not used again: what is queued for memory that was freed must not find other memory there.
const bool keepsAddresses = Enabled("CUDA_EMULATOR_DEFER", false);

u64 Pages(u64 bytes) { return (bytes + Page - 1) / Page * Page; }

void* NewMemory(u64 bytes) {
    if (!keepsAddresses) return std::aligned_alloc(Alignment, bytes);
    void* memory = mmap(nullptr, Pages(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
}

void GiveBack(u64 address, u64 bytes) {
    if (!keepsAddresses) std::free((void*)address);
    else mmap((void*)address, Pages(bytes), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}
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
    void* memory = NewMemory(rounded);
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
    GiveBack(address, part->second.Bytes);
    parts.erase(part);
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

Kind KindOf(u64 address, u64 bytes) {
    std::lock_guard lock(gate);
    auto part = parts.upper_bound(address);
    if (part == parts.begin()) return Kind::Pageable;
    --part;
    if (address + bytes > part->first + part->second.Bytes) return Kind::Pageable;
    return part->second.Device ? Kind::Device : Kind::Pinned;
}

}  // namespace emulator::memory
