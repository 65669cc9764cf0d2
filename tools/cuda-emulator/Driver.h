// What the entry points share: handles, the gate, the log, and the rules of stream capture.
#pragma once
#include <chrono>
#include <cstdarg>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "DeviceMemory.h"

#define ENTRY extern "C" __attribute__((visibility("default"))) int

namespace emulator {

struct Stream;

struct Context {
    Result Error = Success;  // what a kernel did; every later call of the context returns it
    std::set<Stream*> Streams;
    Stream* Legacy = nullptr;
};

struct Function {
    const Kernel* Program;
    Context* Owner;
    u32 MaxDynamicShared = 48 * 1024;
};

// Work of a stream: a launch, a copy, a fill, a recorded event.
using Work = std::function<Result()>;

struct Graph {
    std::vector<Work> Nodes;
};

enum class Capture { None, Active, Invalidated };
enum class CaptureMode { Global = 0, ThreadLocal = 1, Relaxed = 2 };

struct Stream {
    Context* Owner = nullptr;
    bool Blocking = false;
    Capture State = Capture::None;
    CaptureMode Mode = CaptureMode::Global;
    std::thread::id Thread;
    Graph* Recording = nullptr;
    std::deque<Work> Queue;  // what is still to run, where work is deferred
};

// An event's place in a stream.
struct Mark {
    Stream* On = nullptr;
    bool Passed = false;
    std::chrono::steady_clock::time_point At;
    double DeviceClock = 0;  // estimated milliseconds, while a profile is made
};

struct Event {
    std::shared_ptr<Mark> Last;  // null before it was recorded
};

struct Driver {
    std::recursive_mutex Gate;
    bool Started = false;
    std::set<Stream*> Capturing;
};

Driver& TheDriver();
Context*& CurrentContext();
void Log(const char* format, ...) __attribute__((format(printf, 1, 2)));

// The stream behind a handle; null for the legacy stream (0, 1) and the thread's own (2).
inline Stream* StreamOf(void* handle) { return (u64)handle <= 2 ? nullptr : (Stream*)handle; }

// The context's error, or that there is none current.
Result ContextState();

// Takes work for a stream: runs it, or records it while the stream captures, or keeps it for later where work is deferred.
Result Take(void* stream, Work work);

// Whether work is kept until something waits for it (CUDA_EMULATOR_DEFER).
bool Defers();

// The stream that a handle stands for in the thread's context, the legacy stream included.
Stream& QueueOf(void* handle);

// Runs what a stream has queued, all or up to a mark; a context, all of its streams.
void Drain(Stream& stream, const Mark* until = nullptr);
void Drain(Context& context);

// For calls that no capturing stream's thread may make: returns an error and invalidates the captures that forbid them.
Result CheckUnsafeCall();

// For calls that wait: for a stream, or (null) for the context.
Result CheckWait(Stream* stream, bool wholeContext);

}  // namespace emulator
