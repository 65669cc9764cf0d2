// Loads, stores, atomics, address conversions and asynchronous copies.
#include <cmath>
#include <mutex>

#include "Access.h"

namespace emulator {

const bool CheckUninitialised = Enabled("CUDA_EMULATOR_UNINITIALISED", false);
const bool CheckRaces = Enabled("CUDA_EMULATOR_RACES", true);

void FindRange(Execution& e, const Instruction& i, u64 address, u32 bytes, const char* what, int lane) {
    std::string where = std::string(what) + " of " + std::to_string(bytes) + " bytes, lane " + std::to_string(lane) + ", address " + std::to_string(address);
    if (address % bytes) Fail(e, i, MisalignedAddress, "misaligned " + where);
    Range found;
    if (!memory::Find(address, found)) Fail(e, i, IllegalAddress, where + ", outside of all allocations");
    if (address + bytes > found.To)
        Fail(e, i, IllegalAddress, where + ", " + std::to_string(address + bytes - found.To) + " bytes beyond the end of an allocation of " + std::to_string(found.To - found.From) + " bytes");
    e.Ranges[i.Index] = found;
}

void FailShared(const Execution& e, const Instruction& i, u64 address, u32 bytes, const char* what, int lane) {
    bool aligned = address % bytes == 0;
    Fail(e, i, aligned ? IllegalAddress : MisalignedAddress,
         std::string("shared ") + what + " of " + std::to_string(bytes) + " bytes at " + std::to_string((s64)address) + " of " + std::to_string(e.SharedBytes) + ", lane " + std::to_string(lane)
             + (aligned ? "" : ": misaligned"));
}

void NoteRace(const Execution& e, const Instruction& i, u32 word, const char* what) {
    Fail(e, i, LaunchFailed, "word " + std::to_string(word) + " of shared memory is " + what + (std::strstr(what, "warp") ? " without a barrier between" : ""));
}

namespace {

enum class Space { Global, Shared, Param, Local, Generic };

// The host's address of an access, after the checks.
template <Space space>
inline u8* Locate(Execution& e, const Instruction& i, u64 address, u32 bytes, bool writes, int lane) {
    if constexpr (space == Space::Shared) {
        CheckShared(e, i, address, bytes, writes, lane);
        if (CheckThreads) NoteThread(e, i, address, bytes, true, writes, lane);
        return e.Shared.data() + address;
    } else if constexpr (space == Space::Local) {
        if (address % bytes || address + bytes > e.Program->LocalBytes) Fail(e, i, IllegalAddress, "local memory out of bounds");
        return e.Turn->Local + (u64)lane * e.Program->LocalBytes + address;
    } else if constexpr (space == Space::Generic) {
        if (address >= SharedWindow && address < SharedWindow + (1u << 30)) return Locate<Space::Shared>(e, i, address - SharedWindow, bytes, writes, lane);
        CheckGlobal(e, i, address, bytes, writes ? "store" : "load", lane);
        if (CheckThreads) NoteThread(e, i, address, bytes, false, writes, lane);
        return (u8*)address;
    } else {
        CheckGlobal(e, i, address, bytes, writes ? "store" : "load", lane);
        if (CheckThreads) NoteThread(e, i, address, bytes, false, writes, lane);
        return (u8*)address;
    }
}

// T: the type in memory; N: how many of them an instruction moves.
template <Space space, class T, int N>
void Load(Execution& e, const Instruction& i, u32 lanes) {
    const Slot& base = e.In(i.Op[N]);
    if constexpr (space == Space::Param) {
        for (int n = 0; n < N; n++) {
            T value;
            std::memcpy(&value, e.Order->Arguments.data() + i.Offset + n * sizeof(T), sizeof(T));
            Store<T>(e, i.Op[n], lanes, [=](int) { return value; });
        }
        return;
    }

    u64 addresses[WarpSize];
    for (int l = 0; l < WarpSize; l++) addresses[l] = AddressOf(base, i.Address64, l, i.Offset);
    if (space == Space::Global && N == 1 && sizeof(T) == 4 && lanes == AllLanes && !CheckThreads) {
        // Neighbours read side by side, most of the time.
        u64 differs = 0;
        for (int l = 0; l < WarpSize; l++) differs |= addresses[l] ^ (addresses[0] + (u64)l * 4);
        auto& range = e.Ranges[i.Index];
        if (differs == 0 && addresses[0] % 4 == 0 && addresses[0] >= range.From && addresses[0] + 128 <= range.To) {
            std::memcpy(e.Out(i.Op[0]).w, (const void*)addresses[0], 128);
            return;
        }
    }

    for (u32 rest = lanes; rest; rest &= rest - 1) {
        int l = __builtin_ctz(rest);
        const u8* at = Locate<space>(e, i, addresses[l], N * sizeof(T), false, l);
        T values[N];
        std::memcpy(values, at, sizeof(values));
        for (int n = 0; n < N; n++) Write<T>(e, i.Op[n])[l] = Lane<T>::Put(values[n]);
    }
}

template <Space space, class T, int N>
void StoreTo(Execution& e, const Instruction& i, u32 lanes) {
    const Slot& base = e.In(i.Op[0]);
    for (u32 rest = lanes; rest; rest &= rest - 1) {
        int l = __builtin_ctz(rest);
        u8* at = Locate<space>(e, i, AddressOf(base, i.Address64, l, i.Offset), N * sizeof(T), true, l);
        T values[N];
        for (int n = 0; n < N; n++) values[n] = Lane<T>::Get(Read<T>(e, i.Op[1 + n])[l]);
        std::memcpy(at, values, sizeof(values));
    }
}

template <Space space, class T>
Handler ForCount(bool load, int count) {
    if (load) return count == 1 ? Load<space, T, 1> : count == 2 ? Load<space, T, 2> : Load<space, T, 4>;
    if constexpr (space != Space::Param) return count == 1 ? StoreTo<space, T, 1> : count == 2 ? StoreTo<space, T, 2> : StoreTo<space, T, 4>;
    return nullptr;
}

template <Space space>
Handler ForType(const std::string& t, bool load, int count) {
    if (t == "s8") return ForCount<space, s8>(load, count);
    if (t == "b8" || t == "u8") return ForCount<space, u8>(load, count);
    if (t == "s16") return ForCount<space, s16>(load, count);
    if (t == "b16" || t == "u16" || t == "f16") return ForCount<space, u16>(load, count);
    if (t == "b32" || t == "u32" || t == "s32" || t == "f32") return ForCount<space, u32>(load, count);
    if (t == "b64" || t == "u64" || t == "s64" || t == "f64") return ForCount<space, u64>(load, count);
    return nullptr;
}

enum Update : u8 { Add, Min, Max, And, Or, Xor, Exchange, CompareExchange };

template <class T>
T Apply(u8 update, T old, T value, T second) {
    switch (update) {
        case Add: return old + value;
        case Min: return old < value ? old : value;
        case Max: return old > value ? old : value;
        case Exchange: return value;
        case CompareExchange: return old == value ? second : old;
        default:
            if constexpr (std::is_integral_v<T>) return update == And ? old & value : update == Or ? old | value : old ^ value;
            return old;
    }
}

std::mutex atomicGate;

// atom has a result in front of the address; red has none. The lanes take their turns in order.
template <Space space, class T, bool Result>
void Atomic(Execution& e, const Instruction& i, u32 lanes) {
    std::lock_guard lock(atomicGate);
    constexpr int at = Result ? 1 : 0;
    for (u32 rest = lanes; rest; rest &= rest - 1) {
        int l = __builtin_ctz(rest);
        u64 address = AddressOf(e.In(i.Op[at]), i.Address64, l, i.Offset);
        T* target;
        if constexpr (space == Space::Shared) {
            if (address % sizeof(T) || address + sizeof(T) > e.SharedBytes) FailShared(e, i, address, sizeof(T), "atomic", l);
            e.Shadows[address / 4].Writer = e.Phase * 64 + e.Turn->Index + 1;
            target = (T*)(e.Shared.data() + address);
        } else if (space == Space::Generic && address >= SharedWindow) {
            CheckShared(e, i, address - SharedWindow, sizeof(T), true, l);
            target = (T*)(e.Shared.data() + address - SharedWindow);
        } else {
            CheckGlobal(e, i, address, sizeof(T), "atomic", l);
            target = (T*)address;
        }
        T old = *target, value = Lane<T>::Get(Read<T>(e, i.Op[at + 1])[l]);
        T second = i.Mode == CompareExchange ? (T)Lane<T>::Get(Read<T>(e, i.Op[at + 2])[l]) : value;
        *target = Apply<T>(i.Mode, old, value, second);
        if (Result) Write<T>(e, i.Op[0])[l] = Lane<T>::Put(old);
    }
}

template <Space space, bool Result>
Handler AtomicFor(const std::string& t) {
    if (t == "s32") return Atomic<space, s32, Result>;
    if (t == "u32" || t == "b32") return Atomic<space, u32, Result>;
    if (t == "s64") return Atomic<space, s64, Result>;
    if (t == "u64" || t == "b64") return Atomic<space, u64, Result>;
    if (t == "f32") return Atomic<space, float, Result>;
    if (t == "f64") return Atomic<space, double, Result>;
    return nullptr;
}

template <bool Result>
Handler FindAtomic(const Parts& opcode, Instruction& instruction) {
    static const char* names[] = {"add", "min", "max", "and", "or", "xor", "exch", "cas"};
    bool known = false;
    for (u8 k = 0; k < 8; k++)
        if (Has(opcode, names[k])) instruction.Mode = k, known = true;
    if (!known) return nullptr;
    auto& t = opcode.back();
    if (Has(opcode, "shared")) return AtomicFor<Space::Shared, Result>(t);
    return Has(opcode, "global") ? AtomicFor<Space::Global, Result>(t) : AtomicFor<Space::Generic, Result>(t);
}

// cp.async: remembers what to copy. Until the wait the target holds NaN, as whoever reads it too early must not find what was there.
void BeginCopy(Execution& e, const Instruction& i, u32 lanes) {
    const Slot &target = e.In(i.Op[0]), &source = e.In(i.Op[1]), &bytes = e.In(i.Op[2]);
    for (u32 rest = lanes; rest; rest &= rest - 1) {
        int l = __builtin_ctz(rest);
        AsyncCopy copy;
        copy.Lane = (u32)l;
        copy.Group = e.Turn->Committed[l];
        copy.Bytes = bytes.w[l];
        copy.SourceBytes = i.Mode ? e.In(i.Op[3]).w[l] : copy.Bytes;
        u64 at = AddressOf(target, i.Address64, l, i.Offset);
        if (at >= SharedWindow && i.Address64) at -= SharedWindow;
        copy.Source = AddressOf(source, i.Address64b, l, i.Offset2);
        if (copy.Bytes != 4 && copy.Bytes != 8 && copy.Bytes != 16) Fail(e, i, IllegalInstruction, "cp.async copies 4, 8 or 16 bytes");
        if (copy.SourceBytes > copy.Bytes) Fail(e, i, IllegalInstruction, "cp.async reads more bytes than it writes");
        if (copy.Source % copy.Bytes) Fail(e, i, MisalignedAddress, "cp.async from an address that is no multiple of " + std::to_string(copy.Bytes) + ", lane " + std::to_string(l));
        CheckShared(e, i, at, copy.Bytes, true, l);
        if (CheckThreads) NoteThread(e, i, at, copy.Bytes, true, true, l);
        if (copy.SourceBytes) CheckGlobal(e, i, copy.Source, copy.SourceBytes >= 16 ? 16 : 4, "asynchronous copy", l);
        if (copy.SourceBytes && CheckThreads) NoteThread(e, i, copy.Source, copy.SourceBytes, false, false, l);
        copy.Target = (u32)at;
        std::memset(e.Shared.data() + at, 0xff, copy.Bytes);
        e.Turn->Copies.push_back(copy);
    }
}

}  // namespace

void DeliverCopies(Execution& e, const Instruction& i, u32 lanes, u32 pending) {
    auto& warp = *e.Turn;
    std::size_t kept = 0;
    for (auto& copy : warp.Copies) {
        bool due = (lanes >> copy.Lane & 1) && (pending == AllLanes || copy.Group + pending < warp.Committed[copy.Lane]);
        if (!due) {
            warp.Copies[kept++] = copy;
            continue;
        }

        u8* target = e.Shared.data() + copy.Target;
        CheckShared(e, i, copy.Target, copy.Bytes, true, (int)copy.Lane);
        if (CheckThreads) NoteThread(e, i, copy.Target, copy.Bytes, true, true, (int)copy.Lane);
        std::memset(target, 0, copy.Bytes);
        if (copy.SourceBytes) std::memcpy(target, (const void*)copy.Source, copy.SourceBytes);
    }

    warp.Copies.resize(kept);
}

Handler FindMemory(const Parts& opcode, Instruction& instruction) {
    auto& operation = opcode[0];
    auto& type = opcode.back();
    if (operation == "ld" || operation == "st" || operation == "ldu") {
        int count = Has(opcode, "v4") ? 4 : Has(opcode, "v2") ? 2 : 1;
        bool load = operation != "st";
        if (Has(opcode, "param")) return load ? ForType<Space::Param>(type, true, count) : nullptr;
        if (Has(opcode, "shared")) return ForType<Space::Shared>(type, load, count);
        if (Has(opcode, "local")) return ForType<Space::Local>(type, load, count);
        if (Has(opcode, "global")) return ForType<Space::Global>(type, load, count);
        if (Has(opcode, "const")) return nullptr;
        return ForType<Space::Generic>(type, load, count);
    }

    if (operation == "atom") return FindAtomic<true>(opcode, instruction);
    if (operation == "red") return FindAtomic<false>(opcode, instruction);
    if (operation == "cvta") {
        bool shared = Has(opcode, "shared"), to = Has(opcode, "to");
        if (!shared) return [](Execution& e, const Instruction& i, u32 m) { Map1<u64, u64>(e, i, m, [](u64 a) { return a; }); };
        if (to) return [](Execution& e, const Instruction& i, u32 m) { Map1<u64, u64>(e, i, m, [](u64 a) { return a - SharedWindow; }); };
        return [](Execution& e, const Instruction& i, u32 m) { Map1<u64, u64>(e, i, m, [](u64 a) { return a + SharedWindow; }); };
    }

    if (operation == "cp" && opcode.size() > 1 && opcode[1] == "async") {
        if (Has(opcode, "commit_group"))
            return [](Execution& e, const Instruction&, u32 lanes) {
                for (int l = 0; l < WarpSize; l++) e.Turn->Committed[l] += lanes >> l & 1;
            };
        if (Has(opcode, "wait_all")) return [](Execution& e, const Instruction& i, u32 lanes) { DeliverCopies(e, i, lanes, AllLanes); };
        if (Has(opcode, "wait_group")) return [](Execution& e, const Instruction& i, u32 lanes) { DeliverCopies(e, i, lanes, e.In(i.Op[0]).w[0]); };
        if (Has(opcode, "shared") && Has(opcode, "global")) return BeginCopy;
        return nullptr;
    }

    if (operation == "membar" || operation == "fence" || operation == "prefetch" || operation == "prefetchu") return [](Execution&, const Instruction&, u32) {};
    return nullptr;
}

}  // namespace emulator
