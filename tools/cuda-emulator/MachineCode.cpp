// The assembler keeps the line of PTX with each instruction of the machine (-lineinfo, which does not change the code). A basic block of the machine runs as
// often as the basic block of PTX that most of its instructions come from, its home. What the assembler moved there from elsewhere (out of a loop, or under a
// predicate) runs with it.
#include "MachineCode.h"

#include <unistd.h>
#include <sys/stat.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace emulator {

namespace {

constexpr const char* Architecture = "sm_90";

std::string Contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

void Write(const std::string& path, const std::string& text) {
    std::string part = path + "." + std::to_string(getpid());
    std::ofstream(part, std::ios::binary) << text;
    std::rename(part.c_str(), path.c_str());
}

u64 HashOf(const std::string& text) {
    u64 hash = 14695981039346656037ull;
    for (unsigned char c : text) hash = (hash ^ c) * 1099511628211ull;
    return hash;
}

std::string CacheFolder() {
    std::string folder = Setting("CUDA_EMULATOR_ASSEMBLER_CACHE", "");
    if (folder.empty()) folder = Setting("TMPDIR", "/tmp") + "/cuda-emulator-" + std::to_string(getuid());
    mkdir(folder.c_str(), 0700);
    return folder;
}

// The driver knows newer versions of PTX than the assembler may; the kernels use nothing that is newer than 8.0.
std::string ForAssembler(std::string text) {
    std::size_t at = text.find(".version ");
    if (at != std::string::npos && std::atof(text.c_str() + at + 9) > 8.0) text.replace(at + 9, text.find('\n', at) - at - 9, "8.0");
    std::size_t end = text.find('\0');
    return end == std::string::npos ? text : text.substr(0, end);
}

std::string Quoted(const std::string& text) {
    std::string quoted = "'";
    for (char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
    return quoted + "'";
}

u32 NumberBefore(const std::string& text, const char* words, std::size_t from) {
    std::size_t at = text.find(words, from);
    if (at == std::string::npos) return 0;
    std::size_t first = text.find_last_not_of("0123456789", at - 1);
    return (u32)std::atoi(text.c_str() + first + 1);
}

bool StartsWith(const std::string& text, const char* start) { return text.rfind(start, 0) == 0; }

bool OneOf(const std::string& name, std::initializer_list<const char*> names) {
    for (auto* n : names)
        if (name == n) return true;
    return false;
}

bool IsMemory(const std::string& opcode) {
    return OneOf(opcode, {"LDG", "STG", "LDS", "STS", "LDL", "STL", "LDGSTS", "LDSM", "ATOM", "ATOMG", "ATOMS", "RED", "SHFL"});
}

// Takes an issue slot only: control, barriers, special registers, and what runs once for a warp.
bool HasNoPipe(const std::string& opcode) {
    return opcode[0] == 'U' || OneOf(opcode, {"BRA", "BRX", "EXIT", "BAR", "BSSY", "BSYNC", "BREAK", "WARPSYNC", "CALL", "RET", "NOP", "LDC",
        "S2R", "S2UR", "CS2R", "R2UR", "LDGDEPBAR", "DEPBAR", "MEMBAR", "ERRBAR", "CCTL", "YIELD", "FENCE"});
}

// Throughputs of compute capability 9.0. Loads and stores are counted by their addresses.
void AddPipe(const std::string& opcode, float share, PipeCycles& pipes) {
    auto add = [&](Pipe pipe, float cycles) { pipes[(int)pipe] += cycles * share; };
    if (OneOf(opcode, {"FFMA", "FMUL", "FADD", "HFMA2", "HADD2", "HMUL2"})) add(Pipe::Multiply, 1);
    else if (OneOf(opcode, {"IMAD"})) add(Pipe::Multiply, 2);
    else if (OneOf(opcode, {"HMMA", "IMMA", "BMMA"})) add(Pipe::Tensor, 6);
    else if (OneOf(opcode, {"MUFU"})) add(Pipe::Special, 8);
    else if (OneOf(opcode, {"I2F", "F2I", "F2F", "I2I", "FRND", "POPC", "FLO", "BREV"})) add(Pipe::Integer, 4);
    else if (OneOf(opcode, {"DFMA", "DADD", "DMUL", "DSETP"})) add(Pipe::Multiply, 2);
    else if (!IsMemory(opcode) && !HasNoPipe(opcode)) add(Pipe::Integer, 2);
}

// PTX instructions that become at most one of the machine: more of them in a block of the machine means that a loop was unrolled.
bool IsSimple(const std::string& operation) {
    return OneOf(operation, {"ld", "st", "mma", "fma", "add", "sub", "mul", "and", "or", "xor", "shl", "shr", "setp", "selp", "cp", "ldmatrix"});
}

// The PTX instructions of each line.
using Lines = std::map<u32, std::vector<u32>>;

// The PTX instruction that becomes such an instruction of the machine.
const char* PtxOf(const std::string& opcode) {
    if (opcode == "LDGSTS") return "cp";
    if (opcode == "HMMA") return "mma";
    if (opcode == "LDSM") return "ldmatrix";
    return StartsWith(opcode, "LD") && opcode != "LDC" ? "ld" : StartsWith(opcode, "ST") ? "st" : "";
}

// Which of the PTX instructions of a line an instruction of the machine belongs to: the next of its kind, else the first.
u32 Among(const Kernel& kernel, const std::vector<u32>& line, const char* operation, u32 number) {
    std::vector<u32> same;
    for (u32 k : line)
        if (OpcodeOf(kernel.Text[k]).rfind(std::string(operation) + ".", 0) == 0) same.push_back(k);
    return same.empty() ? line[0] : same[number % same.size()];
}

struct MachineBlock {
    std::vector<u32> Code;
    std::map<u32, u32> Lines;   // how many instructions of each line of PTX
    s32 Home = -1;              // basic block of PTX
    u32 Copies = 1;             // how often an unrolled loop has its body in it
    bool Skipped = false;       // never runs in the model
};

// The basic block of PTX that a block of the machine runs with: that of its accesses to memory, which stay where they are, else of its instructions without
// predicate.
s32 HomeOf(const MachineCode& machine, const MachineBlock& block, const Lines& lines, const std::vector<u32>& blockOf) {
    std::map<u32, u32> votes[3];
    for (u32 k : block.Code) {
        auto& i = machine.Code[k];
        auto at = lines.find(i.Line);
        if (at == lines.end()) continue;
        votes[i.Guarded && i.Opcode != "BRA" ? 2 : IsMemory(i.Opcode) || OneOf(i.Opcode, {"BAR", "HMMA"}) ? 0 : 1][blockOf[at->second[0]]]++;
    }
    for (auto& vote : votes) {
        s32 best = -1;
        for (auto& [home, count] : vote)
            if (best < 0 || count > vote[(u32)best]) best = (s32)home;
        if (best >= 0) return best;
    }
    return -1;
}

// How many copies of a loop's body a block holds: the usual count of a line whose instruction becomes one of the machine.
u32 CopiesIn(const Kernel& kernel, const MachineBlock& block, const Lines& lines, const std::vector<u32>& blockOf) {
    std::vector<u32> counts;
    for (auto& [line, count] : block.Lines) {
        auto at = lines.find(line);
        if (at == lines.end() || at->second.size() > 1 || (s32)blockOf[at->second[0]] != block.Home) continue;
        std::string opcode = OpcodeOf(kernel.Text[at->second[0]]);
        bool wide = opcode.find("64") != std::string::npos || opcode.find("wide") != std::string::npos;
        if (!wide && IsSimple(opcode.substr(0, opcode.find('.')))) counts.push_back(count);
    }
    if (counts.empty()) return 1;
    std::sort(counts.begin(), counts.end());
    return std::max(1u, counts[counts.size() / 2]);
}

// Blocks of the same home that hold copies of the same accesses are alternatives: the unrolled loop and what remains after it. The model runs the one with the
// most copies.
void SkipAlternatives(const MachineCode& machine, std::vector<MachineBlock>& blocks) {
    auto memory = [&](const MachineBlock& block) {
        std::set<u32> lines;
        for (u32 k : block.Code)
            if (IsMemory(machine.Code[k].Opcode) || machine.Code[k].Opcode == "HMMA") lines.insert(machine.Code[k].Line);
        return lines;
    };
    for (auto& a : blocks)
        for (auto& b : blocks) {
            if (&a == &b || a.Skipped || b.Skipped || a.Home < 0 || a.Home != b.Home || (a.Copies == b.Copies ? &a > &b : a.Copies < b.Copies)) continue;
            auto linesA = memory(a), linesB = memory(b);
            for (u32 line : linesB) b.Skipped |= linesA.count(line) > 0;
        }
}

}  // namespace

bool HasAssembler() {
    static const bool has = !Setting("CUDA_EMULATOR_ASSEMBLER", "").empty();
    return has;
}

MachineCode ReadMachineCode(const std::string& kernel, const std::string& assembler, const std::string& disassembly) {
    MachineCode machine;
    std::size_t properties = assembler.find("Function properties for " + kernel);
    std::size_t section = disassembly.find(".section\t.text." + kernel + ",");
    if (properties == std::string::npos || section == std::string::npos) return machine;
    machine.Registers = NumberBefore(assembler, " registers", assembler.find("Used ", properties));
    machine.SpilledBytes = NumberBefore(assembler, " bytes spill stores", properties);

    std::istringstream lines(disassembly.substr(section + 1));
    u32 line = 0, block = 0;
    bool begins = false;
    std::string label;
    for (std::string text; std::getline(lines, text);) {
        std::size_t at = text.find_first_not_of(" \t");
        if (at == std::string::npos) continue;
        text = text.substr(at);
        if (StartsWith(text, ".section\t")) break;
        if (StartsWith(text, "//## File")) {
            at = text.find("nv_debug_ptx_txt\", line ");
            if (at != std::string::npos) line = (u32)std::atoi(text.c_str() + at + 24);
        } else if (text[0] == '$') break;  // routines for the rare cases of divisions and roots
        else if (StartsWith(text, ".L") && text.back() == ':') begins = true, label = text.substr(0, text.size() - 1);
        else if (StartsWith(text, "/*") && (at = text.find("*/")) != std::string::npos) {
            std::istringstream words(text.substr(at + 2));
            MachineInstruction i;
            words >> i.Opcode;
            if (i.Opcode[0] == '@') i.Guarded = true, words >> i.Opcode;
            i.Opcode = i.Opcode.substr(0, i.Opcode.find('.'));
            if (i.Opcode == "BRA" && begins && text.find("`(" + label + ")") != std::string::npos) break;  // jumps to itself behind the end of the kernel
            block += begins;
            begins = OneOf(i.Opcode, {"BRA", "BRX", "EXIT", "RET", "CALL"});
            i.Line = line, i.Block = block;
            machine.Code.push_back(i);
        }
    }
    return machine;
}

MachineCode Assemble(const Kernel& kernel) {
    if (!HasAssembler() || !kernel.Source) return {};
    std::string text = ForAssembler(*kernel.Source), tools = Setting("CUDA_EMULATOR_ASSEMBLER", "");
    char name[17];
    std::snprintf(name, sizeof(name), "%016llx", (unsigned long long)HashOf(tools + Architecture + text));
    std::string base = CacheFolder() + "/" + name, assembler = base + ".txt", disassembly = base + ".sass";
    if (access(disassembly.c_str(), R_OK) != 0 || access(assembler.c_str(), R_OK) != 0) {
        std::string own = base + "." + std::to_string(getpid());
        Write(own + ".ptx", text);
        std::string command = Quoted(tools + "/ptxas") + " -arch=" + Architecture + " -v -lineinfo " + Quoted(own + ".ptx") + " -o " + Quoted(own + ".cubin")
            + " > " + Quoted(own + ".txt") + " 2>&1 && " + Quoted(tools + "/nvdisasm") + " -gp -c " + Quoted(own + ".cubin")
            + " > " + Quoted(own + ".sass") + " 2>> " + Quoted(own + ".txt");
        if (std::system(command.c_str()) == 0) {
            std::rename((own + ".txt").c_str(), assembler.c_str());
            std::rename((own + ".sass").c_str(), disassembly.c_str());
        } else std::fprintf(stderr, "CUDA emulator: no machine code of %s: %s\n", kernel.Title.c_str(), Contents(own + ".txt").c_str());
        for (auto* end : {".ptx", ".cubin", ".txt", ".sass"}) unlink((own + end).c_str());
    }
    return ReadMachineCode(kernel.Name, Contents(assembler), Contents(disassembly));
}

void UseMachineCode(const Kernel& kernel, const MachineCode& machine, KernelCosts& costs) {
    if (machine.Registers == 0) return;
    std::vector<u32> blockOf;
    std::vector<u32> firstOf;
    Lines lines;
    for (auto& i : kernel.Code) {
        if (costs.Begins[i.Index]) firstOf.push_back(i.Index);
        blockOf.push_back((u32)firstOf.size() - 1);
        lines[i.Line].push_back(i.Index);
    }

    std::vector<MachineBlock> blocks(machine.Code.empty() ? 0 : machine.Code.back().Block + 1);
    for (u32 k = 0; k < machine.Code.size(); k++) {
        auto& block = blocks[machine.Code[k].Block];
        block.Code.push_back(k);
        block.Lines[machine.Code[k].Line]++;
        block.Skipped |= machine.Code[k].Opcode == "CALL";
    }
    for (auto& block : blocks) {
        block.Home = HomeOf(machine, block, lines, blockOf);
        if (block.Home >= 0) block.Copies = CopiesIn(kernel, block, lines, blockOf);
    }
    SkipAlternatives(machine, blocks);

    costs.Machine = true;
    costs.Registers = machine.Registers;
    for (auto& cost : costs.Of) cost.Issue = 0, cost.Pipes = {}, cost.Jumps = false;
    for (auto& block : blocks) {
        if (block.Skipped || block.Home < 0) continue;
        float share = 1.0f / (float)block.Copies;
        std::map<std::pair<u32, const char*>, u32> seen;
        for (u32 k : block.Code) {
            auto& i = machine.Code[k];
            u32 first = firstOf[(u32)block.Home], last = block.Home + 1 < (s32)firstOf.size() ? firstOf[(u32)block.Home + 1] - 1 : (u32)kernel.Code.size() - 1;
            auto at = lines.find(i.Line);
            bool jumps = OneOf(i.Opcode, {"BRA", "BRX"}) && (kernel.Code[last].Kind == Flow::Branch || kernel.Code[last].Kind == Flow::BranchIndexed);
            bool own = jumps || (at != lines.end() && (s32)blockOf[at->second[0]] == block.Home);
            const char* operation = PtxOf(i.Opcode);
            auto& cost = costs.Of[jumps ? last : own ? Among(kernel, at->second, operation, seen[{i.Line, operation}]++) : first];
            (own ? cost.Issue : cost.Extra) += share;
            AddPipe(i.Opcode, share, own ? cost.Pipes : cost.ExtraPipes);
            cost.Jumps |= jumps;
        }
    }
    for (auto& i : kernel.Code) {
        auto& cost = costs.Of[i.Index];
        bool barrier = i.Kind == Flow::Barrier || i.Kind == Flow::BarrierReduction;
        cost.Free = cost.Issue == 0 && cost.Memory == Access::None && !barrier;
    }
}

}  // namespace emulator
