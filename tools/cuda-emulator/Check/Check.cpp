// Checks the emulator by itself: small kernels that are right, and one for each fault that it must find. Run by `make check`.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

extern "C" {
int cuInit(unsigned);
int cuCtxCreate_v2(void**, unsigned, int);
int cuCtxSynchronize();
int cuMemAlloc_v2(unsigned long long*, std::size_t);
int cuMemFree_v2(unsigned long long);
int cuMemcpyHtoD_v2(unsigned long long, const void*, std::size_t);
int cuMemAllocHost_v2(void**, std::size_t);
int cuMemcpyAsync(unsigned long long, unsigned long long, std::size_t, void*);
int cuMemcpyDtoH_v2(void*, unsigned long long, std::size_t);
int cuModuleLoadData(void**, const void*);
int cuModuleGetFunction(void**, void*, const char*);
int cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
int cuStreamCreate(void**, unsigned);
int cuStreamSynchronize(void*);
int cuStreamWaitEvent(void*, void*, unsigned);
int cuEventCreate(void**, unsigned);
int cuEventRecord(void*, void*);
int cuEventQuery(void*);
int cuEventSynchronize(void*);
int cuStreamBeginCapture_v2(void*, int);
int cuStreamEndCapture(void*, void**);
int cuGraphInstantiateWithFlags(void**, void*, unsigned long long);
int cuGraphLaunch(void*, void*);
int cuMemsetD32Async(unsigned long long, unsigned, std::size_t, void*);
}

// Check/MachineCodeCheck.cpp
void CheckMachineCode(void (*expect)(bool right, const std::string& what));

namespace {

int failures = 0;

void Expect(bool right, const std::string& what) {
    std::printf("%s %s\n", right ? "ok    " : "WRONG ", what.c_str());
    failures += !right;
}

const std::string Head = ".version 8.0\n.target sm_80\n.address_size 64\n";

// A kernel of one pointer %rd0, with registers and the thread's index in %r0.
std::string Kernel(const std::string& body, const std::string& declarations = "") {
    return Head + ".visible .entry k(.param .b64 p) {\n.reg .pred %p<8>; .reg .b32 %r<40>; .reg .f32 %f<40>; .reg .b64 %rd<16>;\n" + declarations
        + "ld.param.b64 %rd0, [p]; mov.u32 %r0, %tid.x;\n" + body + "\nret;\n}\n";
}

const std::string Place = "mul.wide.u32 %rd1, %r0, 4; add.u64 %rd1, %rd0, %rd1;\n";

// Runs a kernel with one block; gives the error of the wait after it and the words of memory.
int RunText(const std::string& text, int threads, std::vector<unsigned>& memory) {
    void *context, *module, *function;
    cuCtxCreate_v2(&context, 0, 0);
    if (int error = cuModuleLoadData(&module, text.c_str())) return error;
    cuModuleGetFunction(&function, module, "k");
    unsigned long long address;
    cuMemAlloc_v2(&address, memory.size() * 4);
    cuMemcpyHtoD_v2(address, memory.data(), memory.size() * 4);
    void* parameters[] = {&address};
    if (int error = cuLaunchKernel(function, 1, 1, 1, (unsigned)threads, 1, 1, 0, nullptr, parameters, nullptr)) return error;
    int error = cuCtxSynchronize();
    if (!error) cuMemcpyDtoH_v2(memory.data(), address, memory.size() * 4);
    cuMemFree_v2(address);
    return error;
}

int Error(const std::string& text, int threads = 64, int words = 256) {
    std::vector<unsigned> memory((std::size_t)words);
    return RunText(text, threads, memory);
}

float Float(unsigned bits) {
    float f;
    std::memcpy(&f, &bits, 4);
    return f;
}

unsigned Bits(float f) {
    unsigned bits;
    std::memcpy(&bits, &f, 4);
    return bits;
}

void Faults() {
    const std::string shared = ".shared .align 16 .b8 s[1024];\n";
    const std::string mine = "mul.lo.u32 %r1, %r0, 4; mov.u32 %r2, s; add.u32 %r1, %r1, %r2;\n";
    Expect(Error(Kernel(Place + "st.global.u32 [%rd1], %r0;")) == 0, "a kernel without fault");
    Expect(Error(Kernel(Place + "st.global.u32 [%rd1], %r0;"), 64, 63) == 700, "one word beyond the end");
    Expect(Error(Kernel("add.u64 %rd1, %rd0, 4; ld.global.v2.f32 {%f0, %f1}, [%rd1];")) == 716, "a misaligned pair");
    Expect(Error(Kernel("setp.lt.u32 %p0, %r0, 7; @%p0 bra.uni L; add.u32 %r1, %r0, 1; L:")) == 715, "a uniform branch that is not");
    Expect(Error(Kernel("setp.lt.u32 %p0, %r0, 32; @%p0 bra.uni L; add.u32 %r1, %r0, 1; L:")) == 0, "a uniform branch that differs between warps");
    Expect(Error(Kernel("and.b32 %r1, %r0, 1; T: .branchtargets A, B; brx.idx.uni %r1, T; A: mov.u32 %r2, 1; B:")) == 715, "a uniform indexed branch that is not");
    Expect(Error(Kernel("setp.lt.u32 %p0, %r0, 7; @%p0 bra L; bar.sync 0; L:")) == 719, "a barrier for some lanes");
    Expect(Error(Kernel("setp.lt.u32 %p0, %r0, 32; @%p0 bra L; bar.sync 0; L:")) == 719, "a barrier for some warps");
    Expect(Error(Kernel(mine + "st.shared.u32 [%r1], %r0; bar.sync 0; xor.b32 %r3, %r1, 128; ld.shared.u32 %r4, [%r3];", shared)) == 0, "words that go to another warp");
    Expect(Error(Kernel(mine + "st.shared.u32 [%r1], %r0; xor.b32 %r3, %r1, 128; ld.shared.u32 %r4, [%r3];", shared)) == 719, "the same without a barrier");
    Expect(Error(Kernel(mine + "ld.shared.u32 %r4, [%r1+1020];", shared)) == 700, "shared memory out of bounds");
    Expect(Error(Kernel("setp.lt.u32 %p0, %r0, 7; @%p0 bra L; shfl.sync.idx.b32 %r1, %r0, 0, 31, 0xffffffff; L:")) == 719, "a shuffle without all its lanes");
    Expect(Error(Kernel("frobnicate.b32 %r1, %r2;")) == 218, "an unknown instruction");
}

void Divergence() {
    // Each thread adds 1 as often as its index says, then all go on together.
    std::vector<unsigned> memory(64);
    int error = RunText(Kernel(Place + "mov.u32 %r1, 0; mov.u32 %r2, 0; A: setp.ge.u32 %p0, %r1, %r0; @%p0 bra E; add.u32 %r1, %r1, 1; add.u32 %r2, %r2, 3; bra A; E:"
                               " vote.sync.ballot.b32 %r3, 1, 0xffffffff; popc.b32 %r3, %r3; mad.lo.u32 %r2, %r3, 1000, %r2; st.global.u32 [%rd1], %r2;"),
                        64, memory);
    bool right = error == 0;
    for (unsigned k = 0; k < 64; k++) right &= memory[k] == 3 * k + 32000;
    Expect(right, "loops of different lengths, and the lanes together after them");
}

void AsyncCopies() {
    auto text = [](const char* wait) {
        return Kernel(Place + "mul.lo.u32 %r1, %r0, 4; mov.u32 %r2, s; add.u32 %r1, %r1, %r2; cp.async.ca.shared.global [%r1], [%rd1], 4; cp.async.commit_group;" + wait
                          + " ld.shared.f32 %f0, [%r1]; add.f32 %f0, %f0, 0f3F800000; st.global.f32 [%rd1], %f0;",
                      ".shared .align 16 .b8 s[256];\n");
    };
    std::vector<unsigned> memory(32, Bits(2));
    Expect(RunText(text("cp.async.wait_group 0;"), 32, memory) == 0 && Float(memory[5]) == 3, "an asynchronous copy and its wait");
    memory.assign(32, Bits(2));
    Expect(RunText(text(""), 32, memory) == 0 && std::isnan(Float(memory[5])), "without the wait NaN is read");
}

// A 16 x K product, K words of f32 in memory: a at 0, b at 256, the result at 512.
void Products(bool half) {
    const int depth = half ? 16 : 8;
    std::vector<unsigned> memory(1024);
    for (int r = 0; r < 16; r++)
        for (int k = 0; k < depth; k++) memory[(std::size_t)(r * depth + k)] = Bits((float)((r * 7 + k * 3) % 11 - 5));
    for (int k = 0; k < depth; k++)
        for (int c = 0; c < 8; c++) memory[(std::size_t)(256 + k * 8 + c)] = Bits((float)((k * 5 + c * 2) % 9 - 4));
    // %r1 = group, %r2 = lane within it, %rd2 = address of element (row, column) of a part: %r3 elements from its start.
    std::string body = "shr.u32 %r1, %r0, 2; and.b32 %r2, %r0, 3;\n";
    auto load = [&](const std::string& target, int part, const std::string& index) {
        body += index + "add.u32 %r3, %r3, " + std::to_string(part) + "; mul.wide.u32 %rd2, %r3, 4; add.u64 %rd2, %rd0, %rd2; ld.global.f32 " + target + ", [%rd2];\n";
    };
    auto at = [&](int row, int column, int step, int stride, bool second) {
        // the first operand: (group + row, step * lane + column); the second: (step * lane + column, group)
        return second ? "mad.lo.u32 %r4, %r2, " + std::to_string(step) + ", " + std::to_string(column) + "; mad.lo.u32 %r3, %r4, 8, %r1;\n"
                      : "add.u32 %r4, %r1, " + std::to_string(row) + "; mul.lo.u32 %r4, %r4, " + std::to_string(stride) + "; mad.lo.u32 %r3, %r2, " + std::to_string(step) + ", %r4; add.u32 %r3, %r3, "
                + std::to_string(column) + ";\n";
    };
    for (int n = 0; n < 4; n++) {
        std::string target = "%r" + std::to_string(10 + n);
        if (half) {
            load("%f1", 0, at(n % 2 * 8, n / 2 * 8, 2, 16, false));
            load("%f2", 0, at(n % 2 * 8, n / 2 * 8 + 1, 2, 16, false));
            body += "cvt.rn.f16x2.f32 " + target + ", %f2, %f1;\n";
        } else {
            load("%f1", 0, at(n % 2 * 8, n / 2 * 4, 1, 8, false));
            body += "cvt.rna.tf32.f32 " + target + ", %f1;\n";
        }
    }
    for (int n = 0; n < 2; n++) {
        std::string target = "%r" + std::to_string(14 + n);
        if (half) {
            load("%f1", 256, at(0, n * 8, 2, 0, true));
            load("%f2", 256, at(0, n * 8 + 1, 2, 0, true));
            body += "cvt.rn.f16x2.f32 " + target + ", %f2, %f1;\n";
        } else {
            load("%f1", 256, at(0, n * 4, 1, 0, true));
            body += "cvt.rna.tf32.f32 " + target + ", %f1;\n";
        }
    }
    body += "mov.f32 %f10, 0f3F800000; mov.f32 %f11, %f10; mov.f32 %f12, %f10; mov.f32 %f13, %f10;\n";
    body += std::string("mma.sync.aligned.") + (half ? "m16n8k16.row.col.f32.f16.f16.f32" : "m16n8k8.row.col.f32.tf32.tf32.f32")
        + " {%f10, %f11, %f12, %f13}, {%r10, %r11, %r12, %r13}, {%r14, %r15}, {%f10, %f11, %f12, %f13};\n";
    for (int n = 0; n < 4; n++)
        body += "add.u32 %r4, %r1, " + std::to_string(n / 2 * 8) + "; mul.lo.u32 %r4, %r4, 8; mad.lo.u32 %r3, %r2, 2, %r4; add.u32 %r3, %r3, " + std::to_string(512 + n % 2)
            + "; mul.wide.u32 %rd2, %r3, 4; add.u64 %rd2, %rd0, %rd2; st.global.f32 [%rd2], %f" + std::to_string(10 + n) + ";\n";
    auto result = memory;
    bool right = RunText(Kernel(body), 32, result) == 0;
    for (int r = 0; r < 16; r++)
        for (int c = 0; c < 8; c++) {
            float sum = 1;
            for (int k = 0; k < depth; k++) sum += Float(memory[(std::size_t)(r * depth + k)]) * Float(memory[(std::size_t)(256 + k * 8 + c)]);
            right &= Float(result[(std::size_t)(512 + r * 8 + c)]) == sum;
        }
    Expect(right, half ? "a product of FP16 matrices" : "a product of TF32 matrices");
}

void Graphs() {
    void *context, *stream, *graph, *executable;
    cuCtxCreate_v2(&context, 0, 0);
    cuStreamCreate(&stream, 1);
    unsigned long long address, other;
    cuMemAlloc_v2(&address, 16);
    unsigned words[4] = {};
    cuMemcpyHtoD_v2(address, words, 16);
    cuStreamBeginCapture_v2(stream, 1);
    cuMemsetD32Async(address, 7, 4, stream);
    Expect(cuStreamEndCapture(stream, &graph) == 0, "a capture");
    cuMemcpyDtoH_v2(words, address, 16);
    Expect(words[0] == 0, "what is captured does not run");
    cuGraphInstantiateWithFlags(&executable, graph, 0);
    Expect(cuGraphLaunch(executable, stream) == 0 && cuStreamSynchronize(stream) == 0, "a graph's launch");
    cuMemcpyDtoH_v2(words, address, 16);
    Expect(words[3] == 7, "runs what was captured");
    cuStreamBeginCapture_v2(stream, 1);
    Expect(cuStreamSynchronize(stream) == 900 && cuStreamEndCapture(stream, &graph) == 901, "a wait invalidates a capture");
    cuStreamBeginCapture_v2(stream, 1);
    Expect(cuMemAlloc_v2(&other, 16) == 900 && cuStreamEndCapture(stream, &graph) == 901, "and so does an allocation");
    cuStreamBeginCapture_v2(stream, 2);
    Expect(cuMemAlloc_v2(&other, 16) == 0 && cuStreamEndCapture(stream, &graph) == 0, "but not in the relaxed mode");
}

// What a host must wait for, where work is deferred.
void Queues() {
    using Address = unsigned long long;
    void *context, *stream, *other, *event, *host;
    Address address, second;
    auto begin = [&] {
        cuCtxCreate_v2(&context, 0, 0);
        cuStreamCreate(&stream, 1);
        cuStreamCreate(&other, 1);
        cuMemAlloc_v2(&address, 16);
        cuMemAlloc_v2(&second, 16);
        cuMemAllocHost_v2(&host, 16);
        cuEventCreate(&event, 0);
    };
    begin();
    auto* words = (unsigned*)host;
    words[0] = words[1] = words[2] = words[3] = 5;
    cuMemcpyAsync(address, (Address)words, 16, stream);
    Expect(cuStreamSynchronize(stream) == 0, "a copy from page-locked memory");
    cuMemcpyAsync(address, (Address)words, 16, stream);
    words[2] = 6;
    Expect(cuStreamSynchronize(stream) == 700, "the same, overwritten before it ran");
    begin();
    words = (unsigned*)host;
    unsigned pageable[4] = {1, 2, 3, 4};
    cuMemcpyAsync(address, (Address)pageable, 16, stream);
    pageable[1] = 9;
    cuMemcpyAsync((Address)words, address, 16, stream);
    Expect(words[1] == 0xffffffffu, "what is read before the wait is not there yet");
    Expect(cuStreamSynchronize(stream) == 0 && words[1] == 2, "after the wait it is, and pageable memory was read at once");
    cuMemsetD32Async(address, 7, 4, stream);
    Expect(cuEventRecord(event, stream) == 0 && cuEventQuery(event) == 600, "an event that is still to come");
    cuStreamWaitEvent(other, event, 0);
    cuMemcpyAsync(second, address, 16, other);
    cuMemcpyAsync((Address)pageable, second, 16, other);
    Expect(pageable[3] == 7 && cuEventQuery(event) == 0, "another stream waits for it");
    cuMemsetD32Async(address, 8, 4, stream);
    cuMemFree_v2(address);
    Expect(cuStreamSynchronize(stream) == 700, "memory freed before the work that was queued for it");
}

bool IsSet(const char* name) {
    const char* value = std::getenv(name);
    return value && *value && *value != '0';
}

// a = 1 + 2^-12, so that a * a loses its last digit when it is rounded.
void Contractions() {
    auto run = [](const char* body) {
        std::vector<unsigned> memory(32, Bits(1 + 0x1p-12f));
        RunText(Kernel(Place + "ld.global.f32 %f0, [%rd1]; mov.f32 %f3, 0fBF800000;" + body + " st.global.f32 [%rd1], %f2;"), 32, memory);
        return Float(memory[3]);
    };
    const float exact = 0x1p-11f + 0x1p-24f, rounded = 0x1p-11f;
    bool fuses = IsSet("CUDA_EMULATOR_FMAD");
    Expect(run("mul.f32 %f1, %f0, %f0; add.f32 %f2, %f1, %f3;") == (fuses ? exact : rounded), "a product and a sum");
    Expect(run("mul.f32 %f1, %f0, %f0; sub.f32 %f2, %f3, %f1; add.f32 %f2, %f2, 0f40000000; neg.f32 %f2, %f2;") == rounded, "a product taken from something");
    Expect(run("mul.rn.f32 %f1, %f0, %f0; add.f32 %f2, %f1, %f3;") == rounded, "a product that says how it is rounded is not fused");
    Expect(run("mul.f32 %f1, %f0, %f0; add.f32 %f0, %f0, %f0; add.f32 %f2, %f1, %f3;") == rounded, "nor one whose factor has changed");
    float power = run("ex2.approx.f32 %f2, %f0;"), truth = std::exp2(1 + 0x1p-12f);
    Expect(IsSet("CUDA_EMULATOR_APPROX") ? power > truth && power < truth * (1 + 0x1p-21f) : power == truth, "an approximate instruction");
}

void ThreadRaces() {
    int race = std::getenv("CUDA_EMULATOR_RACES") ? 719 : 0;
    const std::string own = "ld.global.u32 %r1, [%rd1]; add.u32 %r1, %r1, 1; st.global.u32 [%rd1], %r1;";
    const std::string neighbour = "xor.b32 %r2, %r0, 1; mul.wide.u32 %rd2, %r2, 4; add.u64 %rd2, %rd0, %rd2; ld.global.u32 %r1, [%rd2];";
    Expect(Error(Kernel(Place + own + own)) == 0, "a thread's own word, read and written");
    Expect(Error(Kernel(Place + own + neighbour)) == race, "a word that another thread has written");
    Expect(Error(Kernel(Place + neighbour + "st.global.u32 [%rd1], %r1;")) == race, "a word that another thread has read");
    Expect(Error(Kernel(Place + own + "bar.sync 0;" + neighbour + "bar.sync 0;" + own)) == 0, "both with a barrier between");
    Expect(Error(Kernel("st.global.u32 [%rd0], %r0;")) == race, "a word that all write");
    const std::string shared = ".shared .align 16 .b8 s[128];\n", put = "mul.lo.u32 %r1, %r0, 4; mov.u32 %r2, s; add.u32 %r1, %r1, %r2; xor.b32 %r3, %r1, 4; st.shared.u32 [%r1], %r0;";
    Expect(Error(Kernel(put + "ld.shared.u32 %r4, [%r1];", shared), 32) == 0, "a lane's own word of shared memory");
    Expect(Error(Kernel(put + "ld.shared.u32 %r4, [%r3];", shared), 32) == race, "one that another lane of the warp has written");
    Expect(Error(Kernel(put + "bar.sync 0; ld.shared.u32 %r4, [%r3];", shared), 32) == 0, "the same behind a barrier");
    Expect(Error(Kernel(put + "bar.warp.sync 0xffffffff; ld.shared.u32 %r4, [%r3]; bar.warp.sync 0xffffffff; st.shared.u32 [%r1], %r0;", shared), 32) == 0, "and behind one of the warp");
    Expect(Error(Kernel(put + "bar.warp.sync 0xffffffff; ld.shared.u32 %r4, [%r3]; st.shared.u32 [%r1], %r0;", shared), 32) == race, "a word that another lane has read since");
}

}  // namespace

int main() {
    cuInit(0);
    Faults();
    Divergence();
    AsyncCopies();
    Products(false);
    Products(true);
    Graphs();
    Contractions();
    ThreadRaces();
    if (IsSet("CUDA_EMULATOR_DEFER")) Queues();
    CheckMachineCode(Expect);
    std::printf(failures ? "%d wrong\n" : "all right\n", failures);
    return failures != 0;
}
