// The one device, an H200 by its attributes, and its contexts.
#include <cstdio>

#include "Driver.h"

using namespace emulator;

ENTRY cuDriverGetVersion(int* version) {
    *version = 12090;
    return Success;
}

ENTRY cuDeviceGetCount(int* count) {
    if (!TheDriver().Started) return NotInitialized;
    *count = 1;
    return Success;
}

ENTRY cuDeviceGet(int* device, int ordinal) {
    if (ordinal != 0) return InvalidDevice;
    *device = 0;
    return Success;
}

ENTRY cuDeviceGetName(char* name, int length, int device) {
    if (device != 0) return InvalidDevice;
    std::snprintf(name, (std::size_t)length, "Emulated H200");
    return Success;
}

ENTRY cuDeviceTotalMem_v2(std::size_t* bytes, int device) {
    if (device != 0) return InvalidDevice;
    *bytes = memory::Total();
    return Success;
}

ENTRY cuDeviceGetAttribute(int* value, int attribute, int device) {
    if (device != 0) return InvalidDevice;
    switch (attribute) {
        case 1: *value = 1024; break;               // threads of a block
        case 2: case 3: *value = 1024; break;       // block dimensions
        case 4: *value = 64; break;
        case 5: *value = 0x7fffffff; break;         // grid dimensions
        case 6: case 7: *value = 65535; break;
        case 8: *value = 48 * 1024; break;          // shared memory of a block
        case 9: *value = 65536; break;              // constant memory
        case 10: *value = 32; break;                // warp
        case 11: *value = 0x7fffffff; break;        // pitch
        case 12: *value = 65536; break;             // registers of a block
        case 13: *value = 1980000; break;           // kHz
        case 14: *value = 512; break;               // texture alignment
        case 15: *value = 1; break;                 // overlap
        case 16: *value = 132; break;               // multiprocessors
        case 19: *value = 1; break;                 // mapped host memory
        case 31: *value = 1; break;                 // concurrent kernels
        case 32: *value = 1; break;                 // ECC
        case 36: *value = 3201000; break;           // memory clock, kHz
        case 37: *value = 6144; break;              // bus width
        case 38: *value = 60 * 1024 * 1024; break;  // L2 cache
        case 39: *value = 2048; break;              // threads of a multiprocessor
        case 40: *value = 3; break;                 // copy engines
        case 41: *value = 1; break;                 // unified addressing
        case 75: *value = 9; break;                 // compute capability
        case 76: *value = 0; break;
        case 78: *value = 1; break;                 // stream priorities
        case 79: case 80: *value = 1; break;
        case 81: *value = 228 * 1024; break;        // shared memory of a multiprocessor
        case 82: *value = 65536; break;             // registers of a multiprocessor
        case 83: *value = 1; break;                 // managed memory
        case 90: *value = 1; break;                 // preemption
        case 91: *value = 1; break;                 // host pointers of registered memory
        case 97: *value = 227 * 1024; break;        // shared memory of a block that asks for it
        case 106: *value = 32; break;               // blocks of a multiprocessor
        default: *value = 0; break;
    }
    return Success;
}

ENTRY cuDeviceCanAccessPeer(int* can, int, int) {
    *can = 0;
    return Success;
}

ENTRY cuDeviceGetP2PAttribute(int* value, int, int, int) {
    *value = 0;
    return Success;
}

ENTRY cuCtxCreate_v2(void** context, unsigned, int device) {
    if (!TheDriver().Started) return NotInitialized;
    if (device != 0) return InvalidDevice;
    auto* made = new Context();
    CurrentContext() = made;
    *context = made;
    Log("cuCtxCreate");
    return Success;
}

ENTRY cuCtxDestroy_v2(void* context) {
    std::lock_guard lock(TheDriver().Gate);
    if (CurrentContext() == context) CurrentContext() = nullptr;
    Log("cuCtxDestroy");
    if (!context) return InvalidContext;
    // Not deleted: other threads may still have it as theirs. What it had still to do is not done.
    for (Stream* stream : ((Context*)context)->Streams) stream->Queue.clear();
    return Success;
}

ENTRY cuCtxSetCurrent(void* context) {
    CurrentContext() = (Context*)context;
    return Success;
}

ENTRY cuCtxGetCurrent(void** context) {
    *context = CurrentContext();
    return Success;
}

ENTRY cuCtxGetDevice(int* device) {
    *device = 0;
    return CurrentContext() ? Success : InvalidContext;
}

ENTRY cuCtxSynchronize() {
    std::lock_guard lock(TheDriver().Gate);
    Log("cuCtxSynchronize");
    if (auto wait = CheckWait(nullptr, true)) return wait;
    if (auto* context = CurrentContext()) Drain(*context);
    return ContextState();
}

ENTRY cuCtxGetCacheConfig(int* config) {
    *config = 0;
    return Success;
}

ENTRY cuCtxSetCacheConfig(int) { return Success; }

ENTRY cuCtxGetSharedMemConfig(int* config) {
    *config = 1;  // banks of four bytes
    return Success;
}

ENTRY cuCtxSetSharedMemConfig(int) { return Success; }

ENTRY cuCtxEnablePeerAccess(void*, unsigned) { return NotSupported; }

ENTRY cuCtxDisablePeerAccess(void*) { return NotSupported; }
