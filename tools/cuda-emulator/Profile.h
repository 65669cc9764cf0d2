// What launches would take on an H200, as the meters' counts suggest, and the table of it that the process leaves behind.
#pragma once
#include <memory>

#include "Execution.h"

namespace emulator {

class Meter;

// Whether CUDA_EMULATOR_PROFILE names a file.
extern const bool Profiling;

// Whether only the blocks of the sample run (CUDA_EMULATOR_PROFILE_SAMPLE=1): much faster, and results are wrong.
extern const bool SampleOnly;

// The measurement of one launch: some of its blocks are metered.
class LaunchProfile;

std::shared_ptr<LaunchProfile> BeginProfile(const Launch& launch);

// Where only a sample runs: whether a launch with the same arguments was measured before; then it is added to the clock again, and need not run.
bool RepeatProfile(const Launch& launch);

// The meter for a block, or null where the block is not one of the sample.
Meter* MeterFor(LaunchProfile& profile, Execution& e, u64 block);
void EndBlock(LaunchProfile& profile, Meter& meter);

// Estimates the launch's time and adds it to the device's clock.
void EndProfile(const Launch& launch, LaunchProfile& profile);

// A copy or a fill of so many bytes.
void ProfileCopy(std::size_t bytes);

// Estimated milliseconds that the device has worked.
double DeviceClock();

}  // namespace emulator
