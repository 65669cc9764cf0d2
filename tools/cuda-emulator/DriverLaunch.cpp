// Modules, functions, launches and occupancy.
#include <algorithm>
#include <cstdio>
#include <map>

#include "Access.h"
#include "Driver.h"

using namespace emulator;

namespace {

constexpr u32 StaticSharedLimit = 48 * 1024, DynamicSharedLimit = 227 * 1024;

struct LoadedModule {
    std::shared_ptr<Module> Text;
    std::map<std::string, std::unique_ptr<Function>> Functions;
};

// The same text is read once, and kept: graphs and launches may refer to it.
std::shared_ptr<Module> ModuleOf(const std::string& text) {
    static auto* known = new std::map<std::string, std::shared_ptr<Module>>();
    auto at = known->try_emplace(text).first;
    auto& module = at->second;
    if (!module) {
        module = ReadModule(text);
        for (auto& [name, kernel] : module->Kernels) kernel->Source = &at->first;
    }
    return module;
}

Result RunNow(const Launch& launch, Context* context) {
    try {
        NextLaunch();
        Run(launch);
        return Success;
    } catch (const Trap& trap) {
        std::fprintf(stderr, "CUDA emulator: %s\n", trap.what());
        Log("trap %d: %s", trap.Code, trap.what());
        context->Error = trap.Code;
        return Success;  // as on a device, where the launch was long accepted: the next call reports it
    }
}

// Arguments by an array of pointers, or packed in one buffer behind `extra`.
bool Arguments(const Kernel& kernel, void** parameters, void** extra, std::vector<u8>& arguments) {
    arguments.assign(kernel.ParameterBytes, 0);
    if (parameters) {
        std::vector<Parameter> order;
        for (auto& [name, parameter] : kernel.Parameters) order.push_back(parameter);
        std::sort(order.begin(), order.end(), [](auto& a, auto& b) { return a.Offset < b.Offset; });
        for (std::size_t k = 0; k < order.size(); k++) std::memcpy(arguments.data() + order[k].Offset, parameters[k], order[k].Bytes);
        return true;
    }

    const void* buffer = nullptr;
    std::size_t size = 0;
    for (; extra && *extra; extra += 2) {
        if (*extra == (void*)1) buffer = extra[1];
        else if (*extra == (void*)2) size = *(std::size_t*)extra[1];
        else return false;
    }

    if (kernel.ParameterBytes == 0) return true;
    if (!buffer || size < kernel.ParameterBytes || size > 4096) return false;
    std::memcpy(arguments.data(), buffer, kernel.ParameterBytes);
    return true;
}

}  // namespace

// Loads, and leaves what the compiler had to say in a buffer for it.
static int Load(void** module, const void* image, char* log, std::size_t room) {
    std::lock_guard lock(TheDriver().Gate);
    if (auto state = ContextState()) return state;
    if (auto state = CheckUnsafeCall()) return state;
    try {
        auto* loaded = new LoadedModule{ModuleOf((const char*)image), {}};
        for (auto& [name, kernel] : loaded->Text->Kernels) loaded->Functions[name].reset(new Function{kernel.get(), CurrentContext()});
        *module = loaded;
        Log("cuModuleLoadData");
        return Success;
    } catch (const PtxError& error) {
        std::fprintf(stderr, "CUDA emulator: PTX %s\n", error.what());
        if (room) std::snprintf(log, room, "%s", error.what());
        return InvalidPtx;
    }
}

ENTRY cuModuleLoadData(void** module, const void* image) { return Load(module, image, nullptr, 0); }

ENTRY cuModuleLoadDataEx(void** module, const void* image, unsigned count, int* options, void** values) {
    char* log = nullptr;
    std::size_t room = 0;
    for (unsigned k = 0; k < count; k++) {
        if (options[k] == 5) log = (char*)values[k];
        if (options[k] == 6) room = (std::size_t)values[k];
    }

    return Load(module, image, log, log ? room : 0);
}

ENTRY cuModuleUnload(void* module) {
    return module ? Success : InvalidHandle;  // kept, for work that refers to it
}

ENTRY cuModuleGetFunction(void** function, void* module, const char* name) {
    auto& functions = ((LoadedModule*)module)->Functions;
    auto known = functions.find(name);
    if (known == functions.end()) return NotFound;
    *function = known->second.get();
    return Success;
}

ENTRY cuFuncGetAttribute(int* value, int attribute, void* handle) {
    auto& function = *(Function*)handle;
    switch (attribute) {
        case 0: *value = (int)function.Program->MaxThreads; break;
        case 1: *value = (int)function.Program->StaticShared; break;
        case 2: case 7: *value = 0; break;
        case 3: *value = (int)function.Program->LocalBytes; break;
        case 4: *value = (int)std::min<u32>(255, function.Program->Slots); break;
        case 5: *value = 80; break;
        case 6: *value = 90; break;
        case 8: *value = (int)function.MaxDynamicShared; break;
        default: *value = 0; break;
    }
    return Success;
}

ENTRY cuFuncSetAttribute(void* handle, int attribute, int value) {
    auto& function = *(Function*)handle;
    if (attribute == 8) {
        if (value < 0 || (u32)value + function.Program->StaticShared > DynamicSharedLimit) return InvalidValue;
        function.MaxDynamicShared = (u32)value;
    }
    return Success;
}

ENTRY cuFuncSetCacheConfig(void*, int) { return Success; }

ENTRY cuLaunchKernel(void* handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void* stream, void** parameters, void** extra) {
    std::lock_guard lock(TheDriver().Gate);
    if (auto state = ContextState()) return state;
    auto& function = *(Function*)handle;
    if (function.Owner != CurrentContext()) return InvalidHandle;
    auto& kernel = *function.Program;
    Log("cuLaunchKernel %s grid=%ux%ux%u block=%ux%ux%u shared=%u stream=%p", kernel.Name.c_str(), gx, gy, gz, bx, by, bz, shared, stream);
    Launch launch{&kernel, {gx, gy, gz}, {bx, by, bz}, shared, {}};
    if (!gx || !gy || !gz || !bx || !by || !bz || gx > 0x7fffffffu || gy > 65535 || gz > 65535 || bz > 64) return InvalidValue;
    if (launch.Block.Count() > kernel.MaxThreads) return InvalidValue;
    if (kernel.StaticShared > StaticSharedLimit || shared > std::max<u32>(function.MaxDynamicShared, StaticSharedLimit - kernel.StaticShared)) return InvalidValue;
    if (shared + kernel.StaticShared > std::max<u32>(StaticSharedLimit, function.MaxDynamicShared + kernel.StaticShared)) return InvalidValue;
    if (!Arguments(kernel, parameters, extra, launch.Arguments)) return InvalidValue;
    Context* context = CurrentContext();
    return Take(stream, [launch = std::move(launch), context] { return RunNow(launch, context); });
}

ENTRY cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void* handle, int size, std::size_t shared) {
    auto& kernel = *((Function*)handle)->Program;
    u64 bytes = shared + kernel.StaticShared + 1024;
    *blocks = size <= 0 || (u32)size > kernel.MaxThreads ? 0 : (int)std::min<u64>({32, 2048u / (u32)size, 228 * 1024 / bytes});
    return size <= 0 ? InvalidValue : Success;
}

ENTRY cuOccupancyMaxPotentialBlockSize(int* grid, int* block, void* handle, std::size_t (*)(int), std::size_t, int limit) {
    u32 size = ((Function*)handle)->Program->MaxThreads;
    if (limit > 0) size = std::min(size, (u32)limit);
    *block = (int)size;
    *grid = 132 * (int)(2048 / std::max(size, 32u));
    return Success;
}
