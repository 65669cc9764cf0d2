// Allocations, copies and fills.
#include <cstdio>
#include <cstdlib>

#include "Driver.h"
#include "Profile.h"

using namespace emulator;

namespace {

// Whether a range lies in one allocation, if it begins in one; other addresses are the host's own.
bool Fits(u64 address, std::size_t bytes) {
    Range range;
    return !memory::Find(address, range) || address + bytes <= range.To;
}

bool OnDevice(u64 address, std::size_t bytes) {
    Range range;
    return memory::Find(address, range) && address + bytes <= range.To;
}

Result Gone(const char* what, const char* how) {
    std::fprintf(stderr, "CUDA emulator: %s was %s before the work that was queued for it ran\n", what, how);
    return IllegalAddress;
}

bool IsCapturing(void* handle) {
    Stream* stream = StreamOf(handle);
    return stream && stream->State != Capture::None;
}

// As the driver documents it: pageable memory of the host is read before the call returns, and written before it does; page-locked memory is read and
// written when the stream comes to it. What is then not as it was is reported.
Result CopyLater(u64 target, u64 source, std::size_t bytes, void* stream) {
    std::lock_guard lock(TheDriver().Gate);
    if (auto state = ContextState()) return state;
    auto to = memory::KindOf(target, bytes), from = memory::KindOf(source, bytes);
    std::vector<u8> before;
    if (from != memory::Kind::Device) before.assign((const u8*)source, (const u8*)source + bytes);
    // Whoever reads too early is to see it.
    if (to == memory::Kind::Pinned) std::memset((void*)target, 0xff, bytes);
    auto taken = Take(stream, [=, before = std::move(before)]() -> Result {
        if (to != memory::Kind::Pageable && memory::KindOf(target, bytes) != to) return Gone("the target of a copy", to == memory::Kind::Device ? "freed" : "unlocked");
        if (from == memory::Kind::Pageable) {
            std::memmove((void*)target, before.data(), bytes);
            return Success;
        }

        if (memory::KindOf(source, bytes) != from) return Gone("the source of a copy", from == memory::Kind::Device ? "freed" : "unlocked");
        if (from == memory::Kind::Pinned && std::memcmp((const void*)source, before.data(), bytes) != 0) return Gone("the page-locked source of a copy", "changed");
        std::memmove((void*)target, (const void*)source, bytes);
        return Success;
    });
    bool waits = to == memory::Kind::Pageable || (to == memory::Kind::Pinned && from != memory::Kind::Device);
    if (taken == Success && waits) Drain(QueueOf(stream));
    return taken != Success || !waits ? taken : ContextState();
}

Result Copy(u64 target, u64 source, std::size_t bytes, void* stream, const char* name, bool toDevice, bool fromDevice) {
    Log("%s bytes=%zu stream=%p", name, bytes, stream);
    if (bytes == 0) return ContextState();
    if (!Fits(target, bytes) || !Fits(source, bytes) || (toDevice && !OnDevice(target, bytes)) || (fromDevice && !OnDevice(source, bytes))) return InvalidValue;
    if (Defers() && !IsCapturing(stream)) return CopyLater(target, source, bytes, stream);
    return Take(stream, [=]() -> Result {
        std::memmove((void*)target, (const void*)source, bytes);
        ProfileCopy(bytes);
        return Success;
    });
}

template <class T>
Result Fill(u64 target, T value, std::size_t count, void* stream, const char* name) {
    Log("%s count=%zu stream=%p", name, count, stream);
    if (count == 0) return ContextState();
    if (target % sizeof(T) || !OnDevice(target, count * sizeof(T))) return InvalidValue;
    return Take(stream, [=]() -> Result {
        if (!OnDevice(target, count * sizeof(T))) return Gone("the target of a fill", "freed");
        for (std::size_t k = 0; k < count; k++) ((T*)target)[k] = value;
        ProfileCopy(count * sizeof(T));
        return Success;
    });
}

// A copy that waits: on the legacy stream, and not while a capture forbids it.
Result CopyNow(u64 target, u64 source, std::size_t bytes, const char* name, bool toDevice, bool fromDevice) {
    std::lock_guard lock(TheDriver().Gate);
    if (auto state = CheckUnsafeCall()) return state;
    if (auto result = Copy(target, source, bytes, nullptr, name, toDevice, fromDevice)) return result;
    Drain(QueueOf(nullptr));
    return ContextState();
}

}  // namespace

ENTRY cuMemGetInfo_v2(std::size_t* free, std::size_t* total) {
    *total = memory::Total();
    *free = *total - memory::InUse();
    return ContextState();
}

ENTRY cuMemAlloc_v2(u64* address, std::size_t bytes) {
    std::lock_guard lock(TheDriver().Gate);
    Log("cuMemAlloc bytes=%zu", bytes);
    if (auto state = ContextState()) return state;
    if (auto state = CheckUnsafeCall()) return state;
    return memory::Allocate(bytes, *address);
}

ENTRY cuMemFree_v2(u64 address) {
    std::lock_guard lock(TheDriver().Gate);
    Log("cuMemFree");
    if (auto state = CheckUnsafeCall()) return state;
    return memory::Free(address);
}

ENTRY cuMemAllocHost_v2(void** address, std::size_t bytes) {
    std::lock_guard lock(TheDriver().Gate);
    if (auto state = ContextState()) return state;
    if (auto state = CheckUnsafeCall()) return state;
    *address = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (!*address) return OutOfMemory;
    memory::Register((u64)*address, bytes, true);
    return Success;
}

ENTRY cuMemFreeHost(void* address) {
    std::lock_guard lock(TheDriver().Gate);
    if (auto state = CheckUnsafeCall()) return state;
    if (!memory::Unregister((u64)address)) return InvalidValue;
    std::free(address);
    return Success;
}

ENTRY cuMemHostRegister_v2(void* address, std::size_t bytes, unsigned) {
    if (!address || !bytes) return InvalidValue;
    if (!Enabled("CUDA_EMULATOR_PAGE_LOCK", true)) return NotSupported;
    memory::Register((u64)address, bytes, true);
    return Success;
}

ENTRY cuMemHostUnregister(void* address) { return memory::Unregister((u64)address) ? Success : InvalidValue; }

ENTRY cuMemHostGetDevicePointer_v2(u64* device, void* host, unsigned) {
    *device = (u64)host;
    return Success;
}

ENTRY cuPointerGetAttribute(void* data, int attribute, u64 address) {
    if (attribute != 2) return InvalidValue;  // the type of memory: 1 host, 2 device
    Range range;
    if (!memory::Find(address, range)) return InvalidValue;
    *(int*)data = 2;
    return Success;
}

ENTRY cuMemcpyAsync(u64 target, u64 source, std::size_t bytes, void* stream) { return Copy(target, source, bytes, stream, "cuMemcpyAsync", false, false); }
ENTRY cuMemcpyHtoDAsync_v2(u64 target, const void* source, std::size_t bytes, void* stream) { return Copy(target, (u64)source, bytes, stream, "cuMemcpyHtoDAsync", true, false); }
ENTRY cuMemcpyDtoHAsync_v2(void* target, u64 source, std::size_t bytes, void* stream) { return Copy((u64)target, source, bytes, stream, "cuMemcpyDtoHAsync", false, true); }
ENTRY cuMemcpyDtoDAsync_v2(u64 target, u64 source, std::size_t bytes, void* stream) { return Copy(target, source, bytes, stream, "cuMemcpyDtoDAsync", true, true); }
ENTRY cuMemcpy(u64 target, u64 source, std::size_t bytes) { return CopyNow(target, source, bytes, "cuMemcpy", false, false); }
ENTRY cuMemcpyHtoD_v2(u64 target, const void* source, std::size_t bytes) { return CopyNow(target, (u64)source, bytes, "cuMemcpyHtoD", true, false); }
ENTRY cuMemcpyDtoH_v2(void* target, u64 source, std::size_t bytes) { return CopyNow((u64)target, source, bytes, "cuMemcpyDtoH", false, true); }
ENTRY cuMemsetD8Async(u64 target, unsigned char value, std::size_t count, void* stream) { return Fill<u8>(target, value, count, stream, "cuMemsetD8Async"); }
ENTRY cuMemsetD16Async(u64 target, unsigned short value, std::size_t count, void* stream) { return Fill<u16>(target, value, count, stream, "cuMemsetD16Async"); }
ENTRY cuMemsetD32Async(u64 target, unsigned value, std::size_t count, void* stream) { return Fill<u32>(target, value, count, stream, "cuMemsetD32Async"); }
