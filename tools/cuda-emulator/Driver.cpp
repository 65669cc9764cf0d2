// The driver's state. Work runs when it is handed over, before the call returns, or (deferred) when something waits for it.
#include "Driver.h"

#include <cstdio>

namespace emulator {

namespace {
thread_local Context* current = nullptr;
thread_local CaptureMode interaction = CaptureMode::Global;

bool Forbids(const Stream& stream) {
    if (stream.Mode == CaptureMode::Relaxed || interaction == CaptureMode::Relaxed) return false;
    bool mine = stream.Thread == std::this_thread::get_id();
    return mine || (stream.Mode == CaptureMode::Global && interaction == CaptureMode::Global);
}
}  // namespace

CaptureMode ExchangeMode(CaptureMode mode) {
    auto before = interaction;
    interaction = mode;
    return before;
}

Driver& TheDriver() {
    static Driver* driver = new Driver();
    return *driver;
}

Context*& CurrentContext() { return current; }

bool Defers() {
    static const bool defers = Enabled("CUDA_EMULATOR_DEFER", false);
    return defers;
}

Stream& QueueOf(void* handle) {
    if (Stream* stream = StreamOf(handle)) return *stream;
    if (!current->Legacy) {
        current->Legacy = new Stream();
        current->Legacy->Owner = current;
        current->Legacy->Blocking = true;
    }

    return *current->Legacy;
}

void Drain(Stream& stream, const Mark* until) {
    while (!stream.Queue.empty() && !(until && until->Passed)) {
        auto work = std::move(stream.Queue.front());
        stream.Queue.pop_front();
        if (auto error = work()) stream.Owner->Error = error;
    }
}

void Drain(Context& context) {
    if (context.Legacy) Drain(*context.Legacy);
    for (Stream* stream : context.Streams) Drain(*stream);
}

// Work of a blocking stream waits for that of the legacy stream before it, and the other way round.
static void Queue(void* handle, Work work) {
    Stream& stream = QueueOf(handle);
    if (&stream == current->Legacy) {
        for (Stream* other : current->Streams)
            if (other->Blocking) Drain(*other);
    } else if (stream.Blocking && current->Legacy) {
        Drain(*current->Legacy);
    }

    stream.Queue.push_back(std::move(work));
}

void Log(const char* format, ...) {
    static FILE* file = [] {
        std::string name = Setting("CUDA_EMULATOR_LOG", "");
        return name.empty() ? nullptr : std::fopen(name.c_str(), "a");
    }();
    if (!file) return;
    va_list arguments;
    va_start(arguments, format);
    std::vfprintf(file, format, arguments);
    va_end(arguments);
    std::fputc('\n', file);
    std::fflush(file);
}

Result ContextState() {
    if (!TheDriver().Started) return NotInitialized;
    if (!current) return InvalidContext;
    static const bool sticky = Enabled("CUDA_EMULATOR_STICKY", true);
    Result error = current->Error;
    if (!sticky) current->Error = Success;
    return error;
}

Result Take(void* handle, Work work) {
    std::lock_guard lock(TheDriver().Gate);
    if (auto state = ContextState()) return state;
    Stream* stream = StreamOf(handle);
    if (stream && stream->Owner != current) return InvalidHandle;  // another context's
    if (!stream)
        for (Stream* capturing : TheDriver().Capturing)
            if (capturing->Blocking) {
                capturing->State = Capture::Invalidated;
                return StreamCaptureImplicit;
            }
    if (stream && stream->State == Capture::Invalidated) return StreamCaptureInvalidated;
    if (stream && stream->State == Capture::Active) {
        stream->Recording->Nodes.push_back(std::move(work));
        return Success;
    }

    if (!Defers()) return work();
    Queue(handle, std::move(work));
    return Success;
}

Result CheckUnsafeCall() {
    for (Stream* stream : TheDriver().Capturing)
        if (Forbids(*stream)) {
            stream->State = Capture::Invalidated;
            return StreamCaptureUnsupported;
        }
    return Success;
}

Result CheckWait(Stream* stream, bool wholeContext) {
    if (stream && stream->State != Capture::None) {
        stream->State = Capture::Invalidated;
        return StreamCaptureUnsupported;
    }

    if (wholeContext)
        for (Stream* capturing : TheDriver().Capturing)
            if (capturing->Owner == current) {
                capturing->State = Capture::Invalidated;
                return StreamCaptureUnsupported;
            }
    if (!stream && !wholeContext)
        for (Stream* capturing : TheDriver().Capturing)
            if (capturing->Blocking) {
                capturing->State = Capture::Invalidated;
                return StreamCaptureImplicit;
            }
    return Success;
}

}  // namespace emulator

using namespace emulator;

ENTRY cuInit(unsigned) {
    TheDriver().Started = true;
    Log("cuInit");
    return Success;
}


struct ErrorText {
    int Code;
    const char *Name, *Text;
};

static const ErrorText errors[] = {
    {Success, "CUDA_SUCCESS", "no error"},
    {InvalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {OutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {NotInitialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {InvalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {InvalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {InvalidPtx, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {InvalidHandle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {NotFound, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {NotReady, "CUDA_ERROR_NOT_READY", "device not ready"},
    {IllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {LaunchOutOfResources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {IllegalInstruction, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "an illegal instruction was encountered"},
    {MisalignedAddress, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {LaunchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {NotSupported, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {StreamCaptureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {StreamCaptureInvalidated, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
    {StreamCaptureUnmatched, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "capture was not ended in the same stream as it began"},
    {StreamCaptureImplicit, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "operation would make the legacy stream depend on a capturing blocking stream"},
    {StreamCaptureWrongThread, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD", "attempt to terminate a thread-local capture sequence from another thread"},
};

ENTRY cuGetErrorString(int error, const char** text) {
    for (auto& known : errors)
        if (known.Code == error) return *text = known.Text, Success;
    *text = nullptr;
    return InvalidValue;
}

ENTRY cuGetErrorName(int error, const char** name) {
    for (auto& known : errors)
        if (known.Code == error) return *name = known.Name, Success;
    *name = nullptr;
    return InvalidValue;
}
