#!/usr/bin/env python3
"""Compares the time of a training step with PyTorch's. Prints the medians and their ratio (our samples per second over PyTorch's).

  python3 bench/compare.py [--models cnn2,mlp128] [--threads 1,2] [--batches 64,128] [--rounds 5] [--seconds 1.5]
  python3 bench/compare.py --device cuda --torch-python python3 [--precision tf32] [--variants eager,graph,max-autotune] [--batches 128,512]

Set-up of PyTorch on Debian or Ubuntu (BENCHMARKS.md compares with Debian's PyTorch 1.13):

  apt-get install python3-torch python3-numpy
  mkdir -p ~/openblas && cd ~/openblas && apt-get download libopenblas0-openmp && dpkg -x libopenblas0-openmp_*.deb .

Debian's PyTorch uses the reference BLAS (SGEMM at 7 GFLOP/s) and returns its memory to the system after every step; a comparison with
that would be unfair. On the CPU this script therefore runs PyTorch with bound threads, AVX-512 kernels, a malloc that keeps its memory and,
if the folder of --openblas has it (default ~/openblas), OpenBLAS. The convolutional networks run in channels_last, PyTorch's fastest layout.

On a GPU there are several variants of PyTorch: eager, eager captured as a CUDA graph, torch.compile in its three modes, and the compiled
step captured as a whole; bench/torch_cuda.py describes them. The last columns compare with the eager variant and with the fastest one.
--precision allows TF32 or FP16 on both sides. A variant that fails, or is not ready after --patience seconds, is listed below the table,
and the others are measured without it. Any PyTorch 2 with CUDA will do:

  python3 -m venv ~/torch && ~/torch/bin/pip install torch        then --torch-python ~/torch/bin/python

The two sides are timed alternately: in each round PyTorch measures for --seconds, then our program does. PyTorch runs in one process for
each setting, which starts before the first round and is idle while our program runs. The result of a setting is the median over the
rounds of the median step of each round.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import torch_cuda

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODELS = ["cnn2", "mlp10", "mlp64x2", "cnn3", "mlp128", "lenet_bn28", "lenet_bn32", "resnet20", "vgg_small", "unet_small"]
DENSE = {"mlp10", "mlp64x2", "mlp128"}


def torch_environment(openblas):
    environment = dict(os.environ)
    library = os.path.join(openblas, "usr/lib/x86_64-linux-gnu/openblas-openmp")
    if os.path.isdir(library):
        environment["LD_LIBRARY_PATH"] = library
    environment.update(
        OMP_PROC_BIND="true", MALLOC_MMAP_MAX_="0", MALLOC_TRIM_THRESHOLD_="100000000000", MALLOC_TOP_PAD_="67108864", ATEN_CPU_CAPABILITY="avx512")
    return environment


class TorchFailure(Exception):
    pass


class Torch:
    def __init__(self, options, model, batch, threads, variant=None):
        command = [options.torch_python, os.path.join(ROOT, "bench", "torch_step.py"), "--model", model, "--batch", str(batch), "--threads", str(threads),
                   "--steps", "100000", "--max-seconds", str(options.seconds), "--serve"]
        if model not in DENSE:
            command.append("--channels-last")
        environment = torch_environment(options.openblas)
        if variant is not None:
            # CPU threads only prepare launches and compile. One batch, as our program has.
            command += ["--device", options.device, "--precision", options.precision, "--variant", variant, "--pool", "1", "--warmup", "10"]
            environment = dict(os.environ)
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None if variant is None else self.errors, text=True, env=environment)
        self.read(options.patience)

    def measure(self, patience=None):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.read(patience)

    def read(self, patience):
        """Reads the next JSON line; compilers may print other lines."""
        late = threading.Event()
        timer = threading.Timer(patience, lambda: (late.set(), self.process.kill())) if patience else None
        if timer:
            timer.start()
        try:
            for line in self.process.stdout:
                if line.startswith("{"):
                    return json.loads(line)
        finally:
            if timer:
                timer.cancel()
        self.process.wait()
        if late.is_set():
            raise TorchFailure(f"not ready after {patience:.0f} s")
        self.errors.seek(0)
        lines = [line for line in self.errors.read().splitlines() if line.strip()]
        raise TorchFailure(lines[-1] if lines else f"ended with {self.process.returncode}")

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()


def measure_ours(options, model, batch, threads):
    command = [options.program, "bench", "step", "--model", model, "--batch", str(batch), "--device", options.device, "--seconds", str(options.seconds), "--json"]
    if options.device == "cpu":
        command += ["--threads", str(threads)]
    elif options.precision != "fp32":
        command += ["--precision", options.precision]
    output = subprocess.run(command, capture_output=True, text=True, check=False)
    if output.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{output.stdout}{output.stderr}")
    return json.loads(output.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--batches", help="default: 64,128, on a GPU 128,512")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--device", default="cpu", help="cpu, or a CUDA device: cuda, cuda:1")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "tf32", "fp16"], help="on a GPU, for both sides")
    parser.add_argument("--variants", default=",".join(torch_cuda.VARIANTS), help="PyTorch variants to measure on a GPU")
    parser.add_argument("--patience", type=float, default=900, help="seconds that PyTorch may take to start and compile")
    parser.add_argument("--torch-python", default="/usr/bin/python3")
    parser.add_argument("--openblas", default=os.path.expanduser("~/openblas"))
    parser.add_argument("--program", default=os.path.join(ROOT, "Gpu.Cli/bin/Release/net10.0/gputrainer"))
    options = parser.parse_args()
    if not os.path.exists(options.program):
        sys.exit(f"{options.program} was not found: run dotnet build -c Release first")
    if options.device != "cpu" and not options.device.startswith("cuda"):
        sys.exit(f"--device must be cpu, cuda or cuda:N, not {options.device}: only these can be compared with PyTorch")
    if options.device == "cpu" and options.precision != "fp32":
        sys.exit(f"--precision {options.precision} needs --device cuda")
    unknown = [name for name in options.variants.split(",") if name not in torch_cuda.VARIANTS]
    if unknown:
        sys.exit(f"unknown --variants {', '.join(unknown)}: choose from {', '.join(torch_cuda.VARIANTS)}")
    options.batches = options.batches or ("64,128" if options.device == "cpu" else "128,512")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, {time.strftime('%Y-%m-%d')}, {options.rounds} rounds of {options.seconds} s each\n")
    if options.device != "cpu":
        compare_all_on_gpu(options)
        return
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


def compare_all_on_gpu(options):
    variants = options.variants.split(",")
    print(f"{options.precision}; times of a step in ms, the loss read back at each\n")
    print(f"| network | batch | ours | {' | '.join(variants)} | ours samples/s | ours / eager | ours / best | best is | ours MB | PyTorch MB |")
    print("|---" * (len(variants) + 9) + "|")
    failures = []
    for model in options.models.split(","):
        for batch in map(int, options.batches.split(",")):
            compare_on_gpu(options, model, batch, variants, failures)
    if failures:
        print("\nNot measured:\n")
    for failure in failures:
        print(f"- {failure}")


def compare_on_gpu(options, model, batch, variants, failures):
    running, theirs, ours, memory, our_memory = {}, {}, [], 0, 0
    try:
        for variant in variants:
            try:
                running[variant] = Torch(options, model, batch, 2, variant)
                theirs[variant] = []
            except TorchFailure as failure:
                failures.append(f"{model} at {batch}, {variant}: {failure}")
        for _ in range(options.rounds):
            for variant in list(running):
                try:
                    measured = running[variant].measure(options.patience)
                except TorchFailure as failure:
                    failures.append(f"{model} at {batch}, {variant}: {failure}")
                    del running[variant], theirs[variant]
                    continue
                theirs[variant].append(measured["median_ms"])
                memory = max(memory, measured.get("peak_device_mb", 0))
            o = measure_ours(options, model, batch, 0)
            ours.append(o["median_ms"])
            our_memory = max(our_memory, o["peak_bytes"] / 1e6)
    finally:
        for torch in running.values():
            torch.close()
    a = statistics.median(ours)
    medians = {variant: statistics.median(times) for variant, times in theirs.items() if times}
    best = min(medians, key=medians.get) if medians else None
    cells = [f"{medians[variant]:.3f}" if variant in medians else "-" for variant in variants]
    eager = f"**{medians['eager'] / a:.2f}**" if "eager" in medians else "-"
    against = f"**{medians[best] / a:.2f}**" if best else "-"
    print(f"| {model} | {batch} | {a:.3f} | {' | '.join(cells)} | {batch / a * 1e3:,.0f} | {eager} | {against} | {best or '-'} "
          f"| {our_memory:.0f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
