#!/usr/bin/env python3
"""score_vs_pycocotools.py HRNET [IMAGES] - times `hrnet score coco` against pycocotools on one made-up set, one thread
each, with reading the files and without start-up of Python; checks that both give the same numbers.

Needs numpy and pycocotools. IMAGES: 10000 with about 30000 results."""
import contextlib, io, json, os, subprocess, sys, tempfile, time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def make(n_images, folder):
    rng = np.random.default_rng(7)
    truth = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "person", "skeleton": [],
             "keypoints": [f"k{j}" for j in range(17)]}]}
    results = []
    for image in range(1, n_images + 1):
        truth["images"].append({"id": image, "width": 640, "height": 480, "file_name": f"{image:012d}.jpg"})
        for _ in range(int(rng.integers(1, 4))):
            size = float(rng.uniform(30, 300))
            points = np.column_stack([rng.uniform(0, size, (17, 2)) + rng.uniform(0, 300, 2), rng.choice([0, 1, 2], 17)])
            points = points.round(0)
            points[points[:, 2] == 0] = 0
            truth["annotations"].append({"id": len(truth["annotations"]) + 1, "image_id": image, "category_id": 1,
                                         "iscrowd": 0, "area": size * size / 2, "bbox": [0, 0, size, size],
                                         "num_keypoints": int((points[:, 2] > 0).sum()),
                                         "keypoints": [int(v) for v in points.ravel()]})
            for _ in range(int(rng.choice([1, 1, 2]) + (rng.random() < .17))):
                found = points + rng.normal(0, .05 * size, points.shape)
                results.append({"image_id": image, "category_id": 1, "score": float(rng.random()),
                                "keypoints": [float(v) for v in found.ravel().astype(np.float32)]})
    results = [results[i] for i in rng.permutation(len(results))[:3 * n_images]]
    for name, value in (("gt", truth), ("dt", results)):
        with open(f"{folder}/{name}.json", "w") as f:
            json.dump(value, f)
    return len(truth["annotations"]), len(results)


def pycocotools(folder):
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        truth = COCO(f"{folder}/gt.json")
        run = COCOeval(truth, truth.loadRes(f"{folder}/dt.json"), "keypoints")
        loaded = time.perf_counter()
        run.evaluate()
        run.accumulate()
        run.summarize()
        end = time.perf_counter()
    return end - start, end - loaded, [float(v) for v in run.stats]


def ours(command, folder):
    start = time.perf_counter()
    text = subprocess.run([command, "score", "coco", "--gt", f"{folder}/gt.json", "--results", f"{folder}/dt.json",
                           "--json", "-"], check=True, capture_output=True).stdout
    seconds = time.perf_counter() - start
    values = list(json.loads(text).values())[:10]
    return seconds, [-1. if v is None else v for v in values]


def main():
    n_images = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    with tempfile.TemporaryDirectory() as folder:
        n_persons, n_results = make(n_images, folder)
        print(f"{n_images} images, {n_persons} persons, {n_results} results")
        theirs, scoring, expected = pycocotools(folder)
        runs = [ours(sys.argv[1], folder) for _ in range(5)]
        seconds, found = sorted(runs)[2]
        error = max(abs(a - b) for a, b in zip(expected, found))
        print(f"pycocotools: {theirs:.2f} s, of which scoring {scoring:.2f} s")
        print(f"hrnet score: {seconds:.3f} s with start-up and reading (median of 5)")
        print(f"ratio: {theirs / seconds:.1f}; to pycocotools' scoring alone: {scoring / seconds:.1f}")
        print(f"largest difference of the ten numbers: {error:.1e}")
        return error > 1e-9


if __name__ == "__main__":
    sys.exit(main())
