#!/usr/bin/env python3
"""Load test of `gputrainer serve`: sends images to POST /predict at a fixed rate and prints the rate reached and the latencies.

  python3 bench/serve_load.py RUNS-FOLDER RUN [--rate 200] [--seconds 10] [--connections 16] [--threads 2] [--gputrainer "dotnet path/gputrainer.dll"]

RUN is a run on the bundled digits, such as the one of `gputrainer train --model cnn2 --out RUNS-FOLDER/RUN`. The requests are sent at fixed times, whether
or not earlier ones were answered (open loop), and a latency counts from the time at which the request should have been sent, so that a server that cannot
keep up shows it. The client runs on the same machine and takes a part of its processors; the load average is printed because other programs do, too.
"""
import argparse
import gzip
import http.client
import json
import os
import queue
import shlex
import struct
import subprocess
import sys
import threading
import time
import zlib

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def images(count):
    """The first images of the bundled digits as PNG."""
    with gzip.open(os.path.join(ROOT, "datasets", "digits", "t10k-images-idx3-ubyte.gz")) as file:
        data = file.read()
    _, height, width = struct.unpack(">3I", data[4:16])
    for i in range(count):
        pixels = data[16 + i * height * width:16 + (i + 1) * height * width]
        rows = b"".join(b"\0" + pixels[y * width:(y + 1) * width] for y in range(height))
        header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
        yield b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def percentile(values, share):
    return values[min(len(values) - 1, int(share * len(values)))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("run")
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2, help="threads of the CPU device")
    parser.add_argument("--gputrainer", default="dotnet " + os.path.join(ROOT, "Gpu.Cli", "bin", "Release", "net10.0", "gputrainer.dll"))
    options = parser.parse_args()
    command = shlex.split(options.gputrainer) + ["serve", options.folder, "--port", "0", "--device", "cpu", "--threads", str(options.threads), "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = json.loads(server.stdout.readline())["address"]
        port = int(address.rstrip("/").rsplit(":", 1)[1])
        load = os.getloadavg()[0]
        pngs = list(images(64))
        answers, failures, batches, lock = [], {}, [], threading.Lock()
        tasks = queue.Queue()

        def send():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            while (task := tasks.get()) is not None:
                due, png, counts = task
                connection.request("POST", "/predict?run=" + options.run, body=png, headers={"Content-Type": "image/png"})
                answer = connection.getresponse()
                body = answer.read()
                late = time.perf_counter() - due
                if not counts:
                    continue
                with lock:
                    if answer.status == 200:
                        answers.append(late)
                        batches.append(json.loads(body)["batch"])
                    else:
                        failures[answer.status] = failures.get(answer.status, 0) + 1

        workers = [threading.Thread(target=send, daemon=True) for _ in range(options.connections)]
        for worker in workers:
            worker.start()
        # Loads the network and lets the JIT compile.
        for i in range(400):
            tasks.put((time.perf_counter(), pngs[i % len(pngs)], False))
        while not tasks.empty():
            time.sleep(0.05)
        time.sleep(0.5)
        cpu = os.times()
        start = time.perf_counter()
        total = int(options.rate * options.seconds)
        for i in range(total):
            due = start + i / options.rate
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            tasks.put((due, pngs[i % len(pngs)], True))
        for _ in workers:
            tasks.put(None)
        for worker in workers:
            worker.join()
        elapsed = time.perf_counter() - start
        client = sum(os.times()[:2]) - sum(cpu[:2])
        with open(f"/proc/{server.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        answers.sort()
        print(f"{total} requests at {options.rate:g}/s: {len(answers)} answered in {elapsed:.1f} s ({len(answers) / elapsed:.0f}/s), "
              f"failures {failures or 'none'}")
        if answers:
            print("latency ms: median {:.1f}, 90 % {:.1f}, 99 % {:.1f}, most {:.1f}".format(
                *(1000 * percentile(answers, share) for share in (0.5, 0.9, 0.99)), 1000 * answers[-1]))
            print(f"images a batch: {sum(batches) / len(batches):.1f} on average, {max(batches)} at most")
        ticks = os.sysconf("SC_CLK_TCK")
        print(f"processors: {os.cpu_count()}; load average before {load:.1f}, after {os.getloadavg()[0]:.1f}; processor seconds of the client {client:.1f}, "
              f"of the server with its start {(int(fields[11]) + int(fields[12])) / ticks:.1f}")
        return 0 if len(answers) == total else 1
    finally:
        server.terminate()
        server.wait(10)


if __name__ == "__main__":
    sys.exit(main())
