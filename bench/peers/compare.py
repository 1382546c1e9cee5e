"""compare.py - hrnet and other runtimes in turns on the same networks; prints a table with ratios.

Every measurement is a process of its own, and the order turns with the round, so that a machine that grows warm or busy
is everybody's trouble. Minima are over all rounds, medians are medians of the rounds' medians. Settings come from the
environment; see run.sh.
"""
import json
import os
import statistics
import subprocess
import sys

import numpy

here = os.path.dirname(os.path.abspath(__file__))
hrnet, scratch = os.environ["HRNET"], os.environ["SCRATCH"]
networks = os.environ["NETWORKS"].split()
threads = [int(n) for n in os.environ["THREADS"].split()]
rounds, runs = int(os.environ["ROUNDS"]), os.environ["RUNS"]
runtimes = ["hrnet"] + os.environ["PEERS"].split()
tolerance = 1e-4  # of the largest value; measured 1e-6


def folder_of(network):
    return scratch + "/" + network.replace("/", "_")


def measure(runtime, network, n_threads):
    """The JSON object of one process, or None after a message."""
    folder = folder_of(network)
    if runtime == "hrnet":
        command = [hrnet, "bench", "--config", network, "--model", folder + "/weights.safetensors", "--quiet",
                   "--threads", str(n_threads), "--runs", runs, "--json"]
    else:
        command = [sys.executable, here + "/peer.py", runtime, folder, str(n_threads), runs]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        print("failed:", " ".join(command), done.stderr[-400:], sep="\n", file=sys.stderr)
        return None
    return json.loads(done.stdout[done.stdout.index("{"):])


def difference(runtime, network):
    """How far the runtime's outputs are from ours, by our largest value."""
    ours = numpy.load(folder_of(network) + "/hrnet.npy")
    theirs = numpy.load(folder_of(network) + "/" + runtime + ".npy")
    theirs = theirs.reshape(ours.shape)
    return float(numpy.abs(theirs - ours).max() / numpy.abs(ours).max())


def print_rows(network, n_threads, found):
    """Rows of one network and number of threads; returns whether all outputs agree."""
    agree = True
    ours = found["hrnet"]
    for runtime in runtimes:
        results = found[runtime]
        if not results or not ours:
            print(f"| {network} | {n_threads} | {runtime} | failed | | | | | | |")
            agree = False
            continue
        least = min(r["min_ms"] for r in results)
        median = statistics.median(r["median_ms"] for r in results)
        off = difference(runtime, network)
        agree = agree and off <= tolerance
        peak = max(r["peak_bytes"] for r in results) / 1e6
        imported = max(r.get("imported_bytes", 0) for r in results) / 1e6
        print(f"| {network} | {n_threads} | {runtime} {results[0].get('version', '')} | {least:.1f} | {median:.1f} | "
              f"{least / min(r['min_ms'] for r in ours):.2f} | "
              f"{median / statistics.median(r['median_ms'] for r in ours):.2f} | "
              f"{peak:.0f} | {imported:.0f} | {off:.1e} |")
    return agree


found = {(n, t): {runtime: [] for runtime in runtimes} for n in networks for t in threads}
for turn in range(rounds):
    for (network, n_threads), results in found.items():
        for i in range(len(runtimes)):
            runtime = runtimes[(i + turn) % len(runtimes)]
            result = measure(runtime, network, n_threads)
            if result is not None:
                results[runtime].append(result)

with open("/proc/loadavg") as file:
    print("load average", file.read().strip(), file=sys.stderr)
print("| network | threads | runtime | fastest ms | median ms | fastest / ours | median / ours | peak MB | "
      "of it Python and imports | difference |")
print("|---|---|---|---|---|---|---|---|---|---|")
# a list, not a generator: every row is printed, whatever the one before said
sys.exit(0 if all([print_rows(n, t, results) for (n, t), results in found.items()]) else 1)
