#!/usr/bin/env bash
# Brings the compilers of GPU vendors for DeviceCompilerTests: NVIDIA's ptxas and nvdisasm 12.4 into DIR, from Debian's non-free packages (about 10 s, 90 MB),
# and, if this user may install packages, Intel's ocloc and AMD's device library with clang-15. What cannot be had is left out, with a line that says so.
# nvdisasm is for the profiles of tools/cuda-emulator.
# Usage: get.sh DIR        then: GPUTRAINER_DEVICE_COMPILERS=DIR dotnet test ...
set -uo pipefail
dir=${1:?usage: get.sh DIR}
mkdir -p "$dir" || exit 1
command -v apt-get > /dev/null || { echo "apt-get is needed" >&2; exit 1; }

if [[ ! -x $dir/ptxas || ! -x $dir/nvdisasm ]]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work"/lists/partial "$work"/archives/partial
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 2> /dev/null | awk '$2 == "Debian" && $1 !~ /security/ { print $1; exit }')
    if [[ -z $mirror ]]; then
        apt-get update -qq
        mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 2> /dev/null | awk '$2 == "Debian" && $1 !~ /security/ { print $1; exit }')
    fi

    # A list of sources of its own, so that those of the system stay as they are.
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie non-free" > "$work/sources.list"
    apt=(-qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists" -o Dir::Cache="$work"
        -o Dir::Cache::archives="$work/archives" -o APT::Sandbox::User=root)
    if apt-get "${apt[@]}" update && (cd "$work" && apt-get "${apt[@]}" download nvidia-cuda-toolkit) &&
        dpkg --fsys-tarfile "$work"/nvidia-cuda-toolkit_*.deb | tar -x -C "$work" ./usr/bin/ptxas ./usr/bin/nvdisasm; then
        mv "$work"/usr/bin/{ptxas,nvdisasm} "$dir/"
    else
        echo "ptxas and nvdisasm cannot be had" >&2
    fi
fi

if ! command -v ocloc > /dev/null || ! command -v clang-15 > /dev/null || [[ ! -d /usr/lib/x86_64-linux-gnu/amdgcn/bitcode ]]; then
    apt-get install -y -qq --no-install-recommends intel-opencl-icd clang-15 rocm-device-libs > /dev/null 2>&1 ||
        echo "ocloc, clang-15 and rocm-device-libs cannot be installed" >&2
fi

for program in "$dir/ptxas" "$dir/nvdisasm" ocloc clang-15; do command -v "$program" > /dev/null && echo "found $program"; done
exit 0
