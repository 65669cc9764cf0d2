#!/bin/sh
# Fuzzes a reader with AFL++ and SharpFuzz: tools/fuzz/run.sh image|model|safetensors|parquet [SECONDS] [SEEDS] [WORK].
# Needs afl-fuzz (apt-get install afl++) and the tool sharpfuzz (dotnet tool install --global SharpFuzz.CommandLine).
# SEEDS is a folder of valid files; WORK gets the build and the findings.
set -e
cd "$(dirname "$0")"
reader=${1:?image, model, safetensors or parquet}
seconds=${2:-600}
seeds=${3:-../../Gpu.Tests/Images/Vectors}
work=${4:-$(mktemp -d)}
dotnet build Fuzz.csproj -c Release -o "$work/bin"
sharpfuzz "$work/bin/Gpu.Training.dll"
export AFL_SKIP_BIN_CHECK=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1
exec afl-fuzz -V "$seconds" -t 10000 -m none -i "$seeds" -o "$work/out" dotnet "$work/bin/Fuzz.dll" "$reader"
