#!/usr/bin/env bash
# Makes one archive for a machine that has a GPU and its driver, Python and PyTorch, but neither .NET nor a network: the program (self-contained for 64-bit
# Linux), the scripts of bench/, and, if it is given, the MNIST data set.
# Usage: bench/gpu/pack.sh ARCHIVE.tar.xz [MNIST-FOLDER]          then, on the machine: tar -xf ARCHIVE.tar.xz && gputrainer-gpu/bench/gpu/run.sh OUT
set -euo pipefail
archive=$(realpath "${1:?usage: pack.sh ARCHIVE.tar.xz [MNIST-FOLDER]}")
mnist=${2:+$(realpath "$2")}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
folder=$work/gputrainer-gpu
mkdir -p "$folder/bench/gpu"
dotnet publish "$root/Gpu.Cli" -c Release -r linux-x64 --self-contained -o "$folder/program" -p:PublishSingleFile=false -p:DebugType=none -v quiet --nologo
# What only debuggers load.
rm -f "$folder"/program/{libmscordbi.so,libmscordaccore.so,createdump,libcoreclrtraceptprovider.so}
cp "$root"/bench/*.py "$folder/bench/"
cp "$root/bench/gpu/run.sh" "$folder/bench/gpu/"
if [[ -n $mnist ]]; then
    mkdir "$folder/mnist"
    cp "$mnist"/*ubyte.gz "$folder/mnist/"
fi

tar -C "$work" -c gputrainer-gpu | xz -6 -T0 > "$archive.part"
mv "$archive.part" "$archive"
size=$(($(stat -c %s "$archive") / 1000000))
echo "$archive: $size MB"
if ((size >= 60)); then
    echo "more than 60 MB" >&2
    exit 1
fi
