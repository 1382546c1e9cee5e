"""score.py - `hrnet score coco` and other evaluators in turns on the same made-up sets; prints a table with ratios.

Poses: IMAGES images with one to three persons each and three results an image. Boxes: the same number of images with
boxes of 80 categories. What is timed is everything from the files to the numbers: for hrnet a process with its
start-up, for the others their calls in a Python that has imported them. Every measurement is a process of its own on
the given number of cores, in turns; minima are over all rounds and runs. All must find the same numbers. Settings come
from the environment; see run.sh.

score.py PEER FOLDER CORES RUNS is one such measurement and prints a JSON object.
"""
import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import time

tolerance = 1e-9  # of the numbers; measured 1e-16
kinds = {"keypoints": "poses", "bbox": "boxes"}


# ------------------------------------------------------------------------------------------------ sets


def make_poses(n_images, rng, numpy):
    truths, results = [], []
    for image in range(1, n_images + 1):
        for _ in range(int(rng.integers(1, 4))):
            size = float(rng.uniform(30, 300))
            points = numpy.column_stack([rng.uniform(0, size, (17, 2)) + rng.uniform(0, 300, 2),
                                         rng.choice([0, 1, 2], 17)]).round(0)
            points[points[:, 2] == 0] = 0
            truths.append({"id": len(truths) + 1, "image_id": image, "category_id": 1, "iscrowd": 0,
                           "area": size * size / 2, "bbox": [0, 0, size, size],
                           "num_keypoints": int((points[:, 2] > 0).sum()),
                           "keypoints": [int(v) for v in points.ravel()]})
            for _ in range(int(rng.choice([1, 1, 2]) + (rng.random() < .17))):
                found = points + rng.normal(0, .05 * size, points.shape)
                results.append({"image_id": image, "category_id": 1, "score": float(rng.random()),
                                "keypoints": [float(v) for v in found.ravel().astype(numpy.float32)]})
    keypoints = [f"k{j}" for j in range(17)]
    return truths, results, [{"id": 1, "name": "person", "skeleton": [], "keypoints": keypoints}]


def make_boxes(n_images, rng, numpy):
    truths, results = [], []
    for image in range(1, n_images + 1):
        for _ in range(int(rng.integers(1, 6))):
            category = int(rng.integers(1, 81))
            box = numpy.concatenate([rng.uniform(0, 300, 2), rng.uniform(8, 200, 2)]).round(2)
            truths.append({"id": len(truths) + 1, "image_id": image, "category_id": category,
                           "iscrowd": int(rng.random() < .01), "area": float((box[2] * box[3]).round(2)),
                           "bbox": [float(v) for v in box]})
            for _ in range(int(rng.integers(0, 4))):
                found = box + rng.normal(0, .08 * box[2:].min(), 4)
                found[2:] = numpy.abs(found[2:])
                results.append({"image_id": image, "category_id": category, "score": float(rng.random()),
                                "bbox": [float(v) for v in found.astype(numpy.float32)]})
    return truths, results, [{"id": k, "name": f"c{k}"} for k in range(1, 81)]


def make(kind, n_images, folder):
    import numpy

    rng = numpy.random.default_rng(7)
    truths, results, categories = (make_poses if kind == "keypoints" else make_boxes)(n_images, rng, numpy)
    images = [{"id": i, "width": 640, "height": 480, "file_name": f"{i:012d}.jpg"} for i in range(1, n_images + 1)]
    results = [results[i] for i in rng.permutation(len(results))[:3 * n_images]]
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/gt.json", "w") as f:
        json.dump({"images": images, "annotations": truths, "categories": categories}, f)
    with open(f"{folder}/dt.json", "w") as f:
        json.dump(results, f)
    return f"{n_images} images, {len(truths)} truths, {len(results)} results"


# ------------------------------------------------------------------------------------------------ one measurement


def hrnet_run(folder, kind, threads):
    command = [os.environ["HRNET"], "score", "coco", "--gt", f"{folder}/gt.json", "--results", f"{folder}/dt.json",
               "--json", "-"] + (["--iou", "bbox"] if kind == "bbox" else [])
    values = list(json.loads(subprocess.run(command, check=True, capture_output=True).stdout).values())
    return [-1. if v is None else v for v in values[:12 if kind == "bbox" else 10]]


def python_run(peer):
    """A function that scores with pycocotools, or with what has its names."""
    if peer == "hotcoco":
        from hotcoco import COCO, COCOeval

        load = COCO.load_res
    elif peer == "faster-coco-eval":
        from faster_coco_eval import COCO, COCOeval_faster as COCOeval

        load = COCO.loadRes
    else:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval

        load = COCO.loadRes

    def run(folder, kind, threads):
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO(f"{folder}/gt.json")
            scoring = COCOeval(truth, load(truth, f"{folder}/dt.json"), kind)
            scoring.evaluate()
            scoring.accumulate()
            scoring.summarize()
        return [float(v) for v in scoring.stats][:12 if kind == "bbox" else 10]

    return run


def processor_seconds():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def measure(peer, folder, cores, runs):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    kind = os.path.basename(folder)
    run = hrnet_run if peer == "hrnet" else python_run(peer)
    seconds, busy = [], []
    for _ in range(runs):
        started, before = time.perf_counter(), processor_seconds()
        numbers = run(folder, kind, cores)
        seconds.append(time.perf_counter() - started)
        busy.append(processor_seconds() - before)
    print(json.dumps({"seconds": min(seconds), "busy": min(busy), "numbers": numbers}))


# ------------------------------------------------------------------------------------------------ the table


def main():
    scratch, rounds, runs = os.environ["SCRATCH"], int(os.environ["ROUNDS"]), os.environ["RUNS"]
    peers = ["hrnet"] + os.environ["PEERS"].split()
    agree = True
    for kind in os.environ["KINDS"].split():
        folder = f"{scratch}/score/{kind}"
        print(f"\n{kinds[kind]}: {make(kind, int(os.environ['IMAGES']), folder)}\n")
        print("| cores | evaluator | seconds | processor seconds | to hrnet's | difference |\n|---|---|---|---|---|---|")
        for cores in os.environ["THREADS"].split():
            best = {}
            for turn in range(rounds):
                for peer in peers[turn % len(peers):] + peers[:turn % len(peers)]:
                    slow = peer in ("pycocotools", "faster-coco-eval")
                    done = subprocess.run([sys.executable, __file__, peer, folder, cores, "1" if slow else runs],
                                          check=True, capture_output=True, text=True)
                    found = json.loads(done.stdout)
                    for key in ("seconds", "busy"):
                        found[key] = min(found[key], best.get(peer, found)[key])
                    best[peer] = found
            for peer in peers:
                one, ours = best[peer], best["hrnet"]
                difference = max(abs(a - b) for a, b in zip(one["numbers"], ours["numbers"]))
                agree = agree and difference <= tolerance
                print(f"| {cores} | {peer} | {one['seconds']:.3f} | {one['busy']:.3f} | "
                      f"{one['seconds'] / ours['seconds']:.2f} | {difference:.0e} |")
    return not agree


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(main())
