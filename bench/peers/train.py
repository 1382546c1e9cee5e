"""train.py - steps of training in hrnet and in PyTorch, in turns; prints a table with ratios. See run.sh train.

A step is forward, JointsMSELoss, backward and Adam on one batch of made-up pictures, float32. PyTorch runs as the published
code has it, and once more with its tensors in channels_last order. Every measurement is a process of its own.

    train.py step CONFIG BATCH THREADS RUNS ORDER    one measurement of PyTorch, as JSON; CONFIG is a file of what
                                                     `hrnet info --show-config` prints
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import time


def step(config, batch, threads, runs, order):
    import torch
    from torch_hrnet import PoseHRNet, read_config

    imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    with open(config) as file:
        settings = read_config(file.read())
    (width, height), (map_width, map_height) = settings["MODEL.IMAGE_SIZE"], settings["MODEL.HEATMAP_SIZE"]
    n_joints = settings["MODEL.NUM_JOINTS"]
    x = torch.rand(batch, 3, height, width) * 4 - 2
    target, weight = torch.rand(batch, n_joints, map_height, map_width), torch.ones(batch, n_joints, 1, 1)
    net = PoseHRNet(settings).train()
    if order == "channels_last":
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(net.parameters(), lr=settings["TRAIN.LR"])
    seconds = []
    for _ in range(2 + runs):  # the first touch all memory
        start = time.perf_counter()
        loss = 0.5 * ((net(x) - target) * weight).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    seconds = sorted(seconds[2:])
    print(json.dumps({"version": torch.__version__, "min_ms": seconds[0] * 1e3, "median_ms": seconds[runs // 2] * 1e3,
                      "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                      "imported_bytes": imported}))


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("failed: " + " ".join(command) + "\n" + done.stderr[-800:])
    return json.loads(done.stdout[done.stdout.index("{"):])


def compare():
    hrnet, network, batch, runs = (os.environ[name] for name in ("HRNET", "NETWORK", "BATCH", "RUNS"))
    config = os.environ["SCRATCH"] + "/train_config.yaml"
    with open(config, "w") as file:
        subprocess.run([hrnet, "info", "--config", network, "--show-config"], stdout=file, check=True)
    print(f"{network}, batch {batch}, float32, forward + loss + backward + Adam\n")
    print("| threads | runtime | fastest ms | median ms | samples/s | fastest / ours | median / ours | peak MB | "
          "of it Python and imports |")
    print("|---|---|---|---|---|---|---|---|---|")
    for threads in os.environ["THREADS"].split():
        peer = [sys.executable, os.path.abspath(__file__), "step", config, batch, threads, runs]
        commands = {"hrnet": [hrnet, "bench", "--train", "--config", network, "--batch", batch, "--threads", threads,
                              "--runs", runs, "--quiet", "--json"],
                    "PyTorch": peer + ["contiguous"], "PyTorch channels_last": peer + ["channels_last"]}
        found = {name: [] for name in commands}
        for turn in range(int(os.environ["ROUNDS"])):
            names = list(commands)
            for i in range(len(names)):
                name = names[(i + turn) % len(names)]
                found[name].append(run(commands[name]))
        least = {name: min(r["min_ms"] for r in results) for name, results in found.items()}
        median = {name: statistics.median(r["median_ms"] for r in results) for name, results in found.items()}
        for name, results in found.items():
            peak = max(r["peak_bytes"] for r in results) / 1e6
            imported = max(r.get("imported_bytes", 0) for r in results) / 1e6
            print(f"| {threads} | {name} {results[0].get('version', '')} | {least[name]:.0f} | {median[name]:.0f} | "
                  f"{int(batch) / median[name] * 1e3:.2f} | {least[name] / least['hrnet']:.2f} | "
                  f"{median[name] / median['hrnet']:.2f} | {peak:.0f} | {imported:.0f} |", flush=True)


if len(sys.argv) > 1:
    step(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), sys.argv[6])
else:
    compare()
