// Streams, events, capture and graphs.
#include <memory>

#include "Driver.h"
#include "Profile.h"

namespace emulator {
CaptureMode ExchangeMode(CaptureMode mode);
}

using namespace emulator;

namespace {
struct Executable {
    std::vector<Work> Nodes;
};

void EndRecording(Stream& stream) {
    stream.State = Capture::None;
    stream.Recording = nullptr;
    TheDriver().Capturing.erase(&stream);
}

// For those who ask again and again: one piece of work is done meanwhile.
Result Progress(Stream& stream, const Mark* until) {
    if (stream.Queue.empty() || (until && until->Passed)) return ContextState();
    auto work = std::move(stream.Queue.front());
    stream.Queue.pop_front();
    if (auto error = work()) stream.Owner->Error = error;
    return NotReady;
}
}  // namespace

ENTRY cuStreamCreateWithPriority(void** stream, unsigned flags, int) {
    if (auto state = ContextState()) return state;
    auto* made = new Stream();
    made->Owner = CurrentContext();
    made->Blocking = (flags & 1) == 0;
    std::lock_guard lock(TheDriver().Gate);
    made->Owner->Streams.insert(made);
    *stream = made;
    return Success;
}

ENTRY cuStreamCreate(void** stream, unsigned flags) { return cuStreamCreateWithPriority(stream, flags, 0); }

ENTRY cuStreamDestroy_v2(void* handle) {
    std::lock_guard lock(TheDriver().Gate);
    Stream* stream = StreamOf(handle);
    if (!stream) return InvalidHandle;
    if (stream->State != Capture::None) {
        delete stream->Recording;
        EndRecording(*stream);
    }
    // Not deleted: events refer to it, and what it has still to do is done.
    if (stream->Queue.empty()) stream->Owner->Streams.erase(stream);
    return Success;
}

ENTRY cuStreamSynchronize(void* handle) {
    std::lock_guard lock(TheDriver().Gate);
    Log("cuStreamSynchronize stream=%p", handle);
    if (auto wait = CheckWait(StreamOf(handle), false)) return wait;
    if (CurrentContext()) Drain(QueueOf(handle));
    return ContextState();
}

ENTRY cuStreamQuery(void* handle) {
    std::lock_guard lock(TheDriver().Gate);
    if (auto wait = CheckWait(StreamOf(handle), false)) return wait;
    return CurrentContext() ? Progress(QueueOf(handle), nullptr) : InvalidContext;
}

ENTRY cuEventCreate(void** event, unsigned) {
    if (auto state = ContextState()) return state;
    *event = new std::shared_ptr<Event>(std::make_shared<Event>());
    return Success;
}

static std::shared_ptr<Event>& EventOf(void* handle) { return *(std::shared_ptr<Event>*)handle; }

ENTRY cuStreamWaitEvent(void* handle, void* event, unsigned) {
    std::lock_guard lock(TheDriver().Gate);
    return Take(handle, [mark = EventOf(event)->Last]() -> Result {
        if (mark) Drain(*mark->On, mark.get());
        return Success;
    });
}

ENTRY cuEventDestroy_v2(void* event) {
    delete (std::shared_ptr<Event>*)event;
    return Success;
}

ENTRY cuEventRecord(void* handle, void* stream) {
    std::lock_guard lock(TheDriver().Gate);
    Log("cuEventRecord stream=%p", stream);
    if (auto state = ContextState()) return state;
    auto mark = std::make_shared<Mark>();
    mark->On = &QueueOf(stream);
    EventOf(handle)->Last = mark;
    return Take(stream, [mark]() -> Result {
        mark->Passed = true;
        mark->At = std::chrono::steady_clock::now();
        mark->DeviceClock = DeviceClock();
        return Success;
    });
}

ENTRY cuEventQuery(void* handle) {
    std::lock_guard lock(TheDriver().Gate);
    auto mark = EventOf(handle)->Last;
    return mark ? Progress(*mark->On, mark.get()) : ContextState();
}

ENTRY cuEventSynchronize(void* handle) {
    std::lock_guard lock(TheDriver().Gate);
    Log("cuEventSynchronize");
    if (auto mark = EventOf(handle)->Last) Drain(*mark->On, mark.get());
    return ContextState();
}

ENTRY cuEventElapsedTime(float* milliseconds, void* start, void* end) {
    auto &a = *EventOf(start), &b = *EventOf(end);
    if (!a.Last || !b.Last) return InvalidHandle;
    if (!a.Last->Passed || !b.Last->Passed) return NotReady;
    *milliseconds = Profiling ? (float)(b.Last->DeviceClock - a.Last->DeviceClock) : std::chrono::duration<float, std::milli>(b.Last->At - a.Last->At).count();
    return ContextState();
}

ENTRY cuEventElapsedTime_v2(float* milliseconds, void* start, void* end) { return cuEventElapsedTime(milliseconds, start, end); }

ENTRY cuStreamBeginCapture_v2(void* handle, int mode) {
    std::lock_guard lock(TheDriver().Gate);
    Log("cuStreamBeginCapture stream=%p mode=%d", handle, mode);
    if (auto state = ContextState()) return state;
    Stream* stream = StreamOf(handle);
    if (!stream) return StreamCaptureUnsupported;  // the legacy stream cannot be captured
    if (mode < 0 || mode > 2) return InvalidValue;
    if (stream->State != Capture::None) return StreamCaptureUnsupported;
    stream->State = Capture::Active;
    stream->Mode = (CaptureMode)mode;
    stream->Thread = std::this_thread::get_id();
    stream->Recording = new Graph();
    TheDriver().Capturing.insert(stream);
    return Success;
}

ENTRY cuStreamEndCapture(void* handle, void** graph) {
    std::lock_guard lock(TheDriver().Gate);
    Stream* stream = StreamOf(handle);
    *graph = nullptr;
    if (!stream || stream->State == Capture::None) return InvalidValue;
    if (stream->Mode != CaptureMode::Relaxed && stream->Thread != std::this_thread::get_id()) return StreamCaptureWrongThread;
    bool invalid = stream->State == Capture::Invalidated;
    Log("cuStreamEndCapture stream=%p nodes=%zu%s", handle, stream->Recording->Nodes.size(), invalid ? " invalidated" : "");
    if (invalid) delete stream->Recording;
    else *graph = stream->Recording;
    EndRecording(*stream);
    return invalid ? StreamCaptureInvalidated : Success;
}

ENTRY cuStreamIsCapturing(void* handle, int* status) {
    Stream* stream = StreamOf(handle);
    *status = !stream || stream->State == Capture::None ? 0 : stream->State == Capture::Active ? 1 : 2;
    return Success;
}

ENTRY cuStreamGetCaptureInfo_v2(void* handle, int* status, u64* id, void** graph, const void*** dependencies, std::size_t* count) {
    Stream* stream = StreamOf(handle);
    cuStreamIsCapturing(handle, status);
    if (id) *id = (u64)handle;
    if (graph) *graph = stream ? stream->Recording : nullptr;
    if (dependencies) *dependencies = nullptr;
    if (count) *count = 0;
    return Success;
}

ENTRY cuThreadExchangeStreamCaptureMode(int* mode) {
    *mode = (int)ExchangeMode((CaptureMode)*mode);
    return Success;
}

ENTRY cuGraphGetNodes(void* graph, void**, std::size_t* count) {
    *count = ((Graph*)graph)->Nodes.size();
    return Success;
}

ENTRY cuGraphDestroy(void* graph) {
    delete (Graph*)graph;
    return Success;
}

ENTRY cuGraphInstantiateWithFlags(void** executable, void* graph, unsigned long long) {
    if (auto state = ContextState()) return state;
    *executable = new std::shared_ptr<Executable>(new Executable{((Graph*)graph)->Nodes});
    Log("cuGraphInstantiate nodes=%zu", ((Graph*)graph)->Nodes.size());
    return Success;
}

ENTRY cuGraphInstantiate_v2(void** executable, void* graph, void**, char*, std::size_t) { return cuGraphInstantiateWithFlags(executable, graph, 0); }

ENTRY cuGraphUpload(void*, void*) { return ContextState(); }

ENTRY cuGraphLaunch(void* handle, void* stream) {
    auto executable = *(std::shared_ptr<Executable>*)handle;
    Log("cuGraphLaunch nodes=%zu stream=%p", executable->Nodes.size(), stream);
    return Take(stream, [executable]() -> Result {
        for (auto& node : executable->Nodes)
            if (auto result = node()) return result;
        return Success;
    });
}

ENTRY cuGraphExecDestroy(void* executable) {
    delete (std::shared_ptr<Executable>*)executable;
    return Success;
}
