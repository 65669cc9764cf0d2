#include "Profile.h"

#include <cmath>
#include <cstdio>
#include <map>
#include <mutex>
#include <unordered_map>

#include "Meter.h"

namespace emulator {

const bool Profiling = !Setting("CUDA_EMULATOR_PROFILE", "").empty();
const bool SampleOnly = Profiling && Enabled("CUDA_EMULATOR_PROFILE_SAMPLE", false);

namespace {

// An H200. Bandwidths are what copies and reads reach, not the data sheet's.
constexpr double Clock = 1.755e9, Multiprocessors = 132, SecondLevelBytes = 5.5e12, MemoryBytes = 4.0e12;
constexpr double GapSeconds = 1.3e-6;  // from the end of a kernel of a graph to the first instruction of the next
constexpr u64 Sample = 24;

struct Estimate {
    double Seconds = 0, Latency = 0, Issue = 0, Multiply = 0, Integer = 0, Special = 0, Tensor = 0, Shared = 0, Lines = 0, SecondLevel = 0;  // all in seconds
    u32 Resident = 0;
};

struct Entry {
    std::string Kernel;
    Size3 Grid, Block;
    u32 SharedBytes = 0, Registers = 0;
    u64 Launches = 0;
    double Seconds = 0;
    Estimate Last;
    BlockCounts Counts;  // a block's, on average
};

std::mutex gate;
double clockSeconds;
u64 copies;
double copySeconds;
std::map<std::string, Entry> entries;
std::unordered_map<const Kernel*, KernelCosts> known;
std::map<std::string, std::pair<Estimate, BlockCounts>> sampled;  // where only a sample runs: what the same launch has taken before
std::unordered_map<const Kernel*, std::vector<LineCounts>> lines;

Estimate EstimateOf(const Launch& launch, const BlockCounts& block, u32 registers) {
    Estimate t;
    double blocks = (double)launch.Grid.Count();
    u32 threads = ((u32)launch.Block.Count() + 31) / 32 * 32;
    // Each quarter has 16,384 registers; a warp takes 256 at a time.
    u32 ofWarp = (registers * 32 + 255) / 256 * 256, byRegisters = 16384 / ofWarp * 4 / (threads / 32);
    u32 shared = launch.Program->StaticShared + launch.DynamicShared + 1024;
    t.Resident = std::max(1u, std::min({32u, 2048 / threads, byRegisters, 227 * 1024 / shared}));
    double each = std::ceil(blocks / Multiprocessors), cycle = 1 / Clock;
    // The four schedulers of a multiprocessor share the warps of all its blocks.
    double quarters = std::min(4.0, each * (threads / 32));
    t.Issue = each * block.Issue / quarters * cycle;
    t.Multiply = each * block.Pipes[(int)Pipe::Multiply] / quarters * cycle;
    t.Integer = each * block.Pipes[(int)Pipe::Integer] / quarters * cycle;
    t.Special = each * block.Pipes[(int)Pipe::Special] / quarters * cycle;
    t.Tensor = each * block.Pipes[(int)Pipe::Tensor] / quarters * cycle;
    t.Shared = each * block.SharedWaves * cycle;
    t.Lines = each * block.GlobalLines * cycle;
    t.SecondLevel = std::max(each * block.SectorsMissed * 32 / 64 * cycle, blocks * block.SectorsMissed * 32 / SecondLevelBytes);
    t.Latency = std::ceil(each / t.Resident) * block.Latency * cycle;
    t.Seconds = GapSeconds + std::max({t.Latency, t.Issue, t.Multiply, t.Integer, t.Special, t.Tensor, t.Shared + t.Lines, t.SecondLevel});
    return t;
}

const char* BoundOf(const Estimate& t) {
    double most = t.Seconds - GapSeconds;
    if (most < GapSeconds) return "launch";
    std::pair<const char*, double> parts[] = {{"latency", t.Latency}, {"issue", t.Issue}, {"fma", t.Multiply}, {"int", t.Integer}, {"mufu", t.Special}, {"tensor", t.Tensor},
                                              {"lsu", t.Shared + t.Lines}, {"l2", t.SecondLevel}};
    for (auto& [name, seconds] : parts)
        if (seconds >= most * 0.999) return name;
    return "";
}

std::string KeyOf(const Launch& launch, bool arguments) {
    std::string key;
    auto& grid = launch.Grid;
    for (u64 number : {(u64)launch.Program, (u64)grid.X, (u64)grid.Y, (u64)grid.Z, launch.Block.Count(), (u64)launch.DynamicShared}) key += std::to_string(number) + " ";
    return arguments ? key + std::string(launch.Arguments.begin(), launch.Arguments.end()) : key;
}

void AddLaunch(const Launch& launch, const Estimate& estimate, const BlockCounts& counts) {
    clockSeconds += estimate.Seconds;
    auto& entry = entries[KeyOf(launch, false)];
    entry.Kernel = launch.Program->Title, entry.Grid = launch.Grid, entry.Block = launch.Block;
    entry.SharedBytes = launch.Program->StaticShared + launch.DynamicShared, entry.Registers = known[launch.Program].Registers;
    entry.Launches++;
    entry.Seconds += estimate.Seconds;
    entry.Last = estimate, entry.Counts = counts;
}

void WriteLines() {
    std::string folder = Setting("CUDA_EMULATOR_PROFILE_LINES", "");
    if (folder.empty()) return;
    for (auto& [kernel, counts] : lines) {
        FILE* file = std::fopen((folder + "/" + kernel->Title.substr(0, 150) + ".txt").c_str(), "w");
        if (!file) continue;
        auto& costs = known[kernel];
        for (std::size_t k = 0; k < counts.size(); k++)
            std::fprintf(file, "%10.0f %10.0f %6.2f %6.2f %s\n", counts[k].Executed, counts[k].Waited, costs.Of[k].Free ? 0 : costs.Of[k].Issue, costs.Of[k].Extra,
                         kernel->Text[k].c_str());
        std::fclose(file);
    }
}

void WriteTable() {
    FILE* file = std::fopen(Setting("CUDA_EMULATOR_PROFILE", "").c_str(), "w");
    if (!file) return;
    std::fprintf(file, "# estimates for an H200, microseconds; %.1f in all, %llu copies of %.1f among them\n", clockSeconds * 1e6, (unsigned long long)copies, copySeconds * 1e6);
    u64 assembled = 0;
    for (auto& [kernel, costs] : known) assembled += costs.Machine;
    std::fprintf(file, "# machine code of %llu kernels of %llu\n", (unsigned long long)assembled, (unsigned long long)known.size());
    std::fprintf(file, "total\tlaunches\teach\tbound\tlatency\tissue\tfma\tint\tmufu\ttensor\tshared\tlines\tl2\tgrid\tblock\tresident\tregisters\tsharedbytes\tconflicts\tsectors\thits\twait_alu\twait_shared\twait_global\twait_barrier\twait_branch\twait_issue\tkernel\n");
    std::multimap<double, const Entry*> order;
    for (auto& [key, entry] : entries) order.insert({-entry.Seconds, &entry});
    for (auto& [seconds, at] : order) {
        auto& t = at->Last;
        auto& c = at->Counts;
        double waits = 1e-9;
        for (double w : c.Waits) waits += w;
        std::fprintf(file, "%.1f\t%llu\t%.2f\t%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%ux%ux%u\t%u\t%u\t%u\t%u\t%.2f\t%.1f\t%.2f", at->Seconds * 1e6, (unsigned long long)at->Launches,
                     at->Seconds / (double)at->Launches * 1e6, BoundOf(t), t.Latency * 1e6, t.Issue * 1e6, t.Multiply * 1e6, t.Integer * 1e6, t.Special * 1e6, t.Tensor * 1e6, t.Shared * 1e6,
                     t.Lines * 1e6, t.SecondLevel * 1e6, at->Grid.X, at->Grid.Y, at->Grid.Z, (u32)at->Block.Count(), t.Resident, at->Registers, at->SharedBytes,
                     c.SharedRequests ? c.SharedWaves / c.SharedRequests : 0, c.GlobalRequests ? c.SectorsWanted / c.GlobalRequests : 0,
                     c.SectorsWanted ? 1 - c.SectorsMissed / c.SectorsWanted : 0);
        for (double w : c.Waits) std::fprintf(file, "\t%.0f%%", 100 * w / waits);
        std::fprintf(file, "\t%s\n", at->Kernel.c_str());
    }
    std::fclose(file);
    WriteLines();
}

}  // namespace

class LaunchProfile {
public:
    const KernelCosts* Costs = nullptr;
    u64 Blocks = 0, Metered = 0;
    BlockCounts Sum;
    std::mutex Gate;
};

std::shared_ptr<LaunchProfile> BeginProfile(const Launch& launch) {
    std::lock_guard lock(gate);
    static bool registered = (std::atexit([] { WriteTable(); }), true);
    (void)registered;
    auto& costs = known[launch.Program];
    if (costs.Of.empty()) costs = CostsOf(*launch.Program);
    auto profile = std::make_shared<LaunchProfile>();
    profile->Costs = &costs;
    profile->Blocks = launch.Grid.Count();
    return profile;
}

Meter* MeterFor(LaunchProfile& profile, Execution& e, u64 block) {
    // Evenly spread over the grid.
    if (profile.Blocks > Sample && block * Sample % profile.Blocks >= Sample) return nullptr;
    static thread_local Meter meter;
    meter.Lines.assign(e.Program->Code.size(), {});
    meter.Begin(*e.Program, *profile.Costs, (u32)e.Warps.size());
    return &meter;
}

void EndBlock(LaunchProfile& profile, Meter& meter) {
    std::lock_guard lock(profile.Gate);
    profile.Sum.Add(meter.End());
    profile.Metered++;
    std::lock_guard all(gate);
    for (auto& [kernel, costs] : known) {
        if (&costs != profile.Costs) continue;
        auto& sum = lines[kernel];
        sum.resize(meter.Lines.size());
        for (std::size_t k = 0; k < sum.size(); k++) sum[k].Executed += meter.Lines[k].Executed, sum[k].Waited += meter.Lines[k].Waited;
    }
}

void EndProfile(const Launch& launch, LaunchProfile& profile) {
    if (profile.Metered == 0) return;
    BlockCounts mean;
    double part = 1.0 / (double)profile.Metered;
    mean = profile.Sum;
    mean.Issue *= part, mean.SharedRequests *= part, mean.SharedWaves *= part, mean.GlobalRequests *= part, mean.GlobalLines *= part, mean.SectorsWanted *= part, mean.SectorsMissed *= part;
    mean.Latency *= part;
    for (double& p : mean.Pipes) p *= part;
    for (double& w : mean.Waits) w *= part;

    std::lock_guard lock(gate);
    auto estimate = EstimateOf(launch, mean, profile.Costs->Registers);
    AddLaunch(launch, estimate, mean);
    if (SampleOnly) sampled[KeyOf(launch, true)] = {estimate, mean};
}

bool RepeatProfile(const Launch& launch) {
    std::lock_guard lock(gate);
    auto same = sampled.find(KeyOf(launch, true));
    if (same == sampled.end()) return false;
    AddLaunch(launch, same->second.first, same->second.second);
    return true;
}

void ProfileCopy(std::size_t bytes) {
    if (!Profiling) return;
    std::lock_guard lock(gate);
    double seconds = GapSeconds + 2.0 * (double)bytes / MemoryBytes;
    clockSeconds += seconds, copySeconds += seconds, copies++;
}

double DeviceClock() {
    std::lock_guard lock(gate);
    return clockSeconds * 1e3;
}

}  // namespace emulator
