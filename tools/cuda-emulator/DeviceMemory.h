// The device's memory: which addresses are allocated, and how much is left.
#pragma once
#include "Execution.h"

namespace emulator {

// Addresses are those of the host. Thread-safe.
namespace memory {
Result Allocate(u64 bytes, u64& address);
Result Free(u64 address);
// Page-locked host memory and registered host memory, which kernels may access too.
void Register(u64 address, u64 bytes, bool host);
bool Unregister(u64 address);
// The allocation that holds an address; false where there is none.
bool Find(u64 address, Range& range);
// What holds all of a range: nothing that the driver knows (pageable memory of the host), page-locked memory of the host, or the device.
enum class Kind { Pageable, Pinned, Device };
Kind KindOf(u64 address, u64 bytes);
u64 Total();
u64 InUse();
}  // namespace memory

}  // namespace emulator
