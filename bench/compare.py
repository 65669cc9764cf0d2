#!/usr/bin/env python3
"""Times our training step and PyTorch's, alternating, and prints the medians and their ratio (ours / PyTorch's samples per second).

  python3 bench/compare.py [--models seed0,seed4] [--threads 1,2] [--batches 64,128] [--rounds 5] [--seconds 1.5] [--markdown]
  python3 bench/compare.py --device cuda --torch-python python3        (eager PyTorch and ours on the first CUDA device)

Setting PyTorch up, on Debian or Ubuntu (the peer that BENCHMARKS.md names is Debian's PyTorch 1.13):

  apt-get install python3-torch python3-numpy
  mkdir -p ~/openblas && cd ~/openblas && apt-get download libopenblas0-openmp && dpkg -x libopenblas0-openmp_*.deb .

Debian's PyTorch uses the reference BLAS (SGEMM at 7 GFLOP/s) and returns its memory to the system at every step; both would be an unfair
peer. With --openblas DIR (default ~/openblas, where it exists) this script gives it OpenBLAS, bound threads, AVX-512 kernels and a malloc that
keeps its memory. The convolutional networks run in channels_last, the layout that is fastest for it.

Each of both is one process a setting, started before the first round and idle while the other is timed: round by round, PyTorch measures for
--seconds, then ours does. The figure of a setting is the median over the rounds of each round's median step.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODELS = ["seed0", "seed1", "seed2", "seed3", "seed4", "lenet_bn28", "lenet_bn32", "resnet20", "vgg_small"]
DENSE = {"seed1", "seed2", "seed4"}


def torch_environment(openblas):
    environment = dict(os.environ)
    library = os.path.join(openblas, "usr/lib/x86_64-linux-gnu/openblas-openmp")
    if os.path.isdir(library):
        environment["LD_LIBRARY_PATH"] = library
    environment.update(
        OMP_PROC_BIND="true", MALLOC_MMAP_MAX_="0", MALLOC_TRIM_THRESHOLD_="100000000000", MALLOC_TOP_PAD_="67108864", ATEN_CPU_CAPABILITY="avx512")
    return environment


class Torch:
    def __init__(self, options, model, batch, threads):
        command = [options.torch_python, os.path.join(ROOT, "bench", "torch_step.py"), "--model", model, "--batch", str(batch), "--threads", str(threads),
                   "--steps", "100000", "--max-seconds", str(options.seconds), "--serve"]
        if model not in DENSE:
            command.append("--channels-last")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=torch_environment(options.openblas))
        self.process.stdout.readline()

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure_ours(options, model, batch, threads):
    command = [options.program, "bench", "step", "--model", model, "--batch", str(batch), "--device", options.device, "--seconds", str(options.seconds), "--json"]
    if options.device == "cpu":
        command += ["--threads", str(threads)]
    output = subprocess.run(command, capture_output=True, text=True, check=False)
    if output.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{output.stdout}{output.stderr}")
    return json.loads(output.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--batches", default="64,128")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--torch-python", default="/usr/bin/python3")
    parser.add_argument("--openblas", default=os.path.expanduser("~/openblas"))
    parser.add_argument("--program", default=os.path.join(ROOT, "Gpu.Cli/bin/Release/net10.0/gputrainer"))
    options = parser.parse_args()
    if not os.path.exists(options.program):
        sys.exit(f"{options.program} is not there: run dotnet build -c Release first")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, {time.strftime('%Y-%m-%d')}, {options.rounds} rounds of {options.seconds} s each\n")
    print("| network | batch | threads | ours ms | PyTorch ms | ours samples/s | PyTorch samples/s | ours / PyTorch | spread | ours MB | PyTorch MB |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for model in options.models.split(","):
        for batch in map(int, options.batches.split(",")):
            for threads in map(int, options.threads.split(",")):
                compare(options, model, batch, threads)


def compare(options, model, batch, threads):
    torch = Torch(options, model, batch, threads)
    theirs, ours, ratios, torch_memory, our_memory = [], [], [], 0, 0
    for _ in range(options.rounds):
        t = torch.measure()
        time.sleep(0.2)
        o = measure_ours(options, model, batch, threads)
        time.sleep(0.2)
        theirs.append(t["median_ms"])
        ours.append(o["median_ms"])
        ratios.append(t["median_ms"] / o["median_ms"])
        torch_memory = max(torch_memory, t.get("peak_rss_mb", 0))
        our_memory = max(our_memory, o.get("peak_working_set_bytes", 0) / 1e6)
    torch.close()
    a, b = statistics.median(ours), statistics.median(theirs)
    print(f"| {model} | {batch} | {threads} | {a:.3f} | {b:.3f} | {batch / a * 1e3:,.0f} | {batch / b * 1e3:,.0f} | **{b / a:.2f}** "
          f"| {min(ratios):.2f}-{max(ratios):.2f} | {our_memory:.0f} | {torch_memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
