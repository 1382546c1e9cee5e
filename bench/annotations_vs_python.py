#!/usr/bin/env python3
"""annotations_vs_python.py HRNET - writes a made-up annotations file of train2017's size (about 250 MB, 150,000 persons
with keypoints of 262,000, outlines), then times and weighs reading it: `hrnet score coco` with empty results against
json.load of Python. Needs the standard library alone."""
import json, os, random, resource, subprocess, sys, tempfile, time


def write(path):
    rng = random.Random(1)
    number = lambda: f"{rng.uniform(0, 640):.2f}"
    with open(path, "w") as f:
        f.write('{"info": {"year": 2017}, "licenses": [], "images": [')
        for i in range(118287):
            f.write(f'{", " if i else ""}{{"license": 3, "file_name": "{i:012d}.jpg", "coco_url": '
                    f'"http://images.example.org/train2017/{i:012d}.jpg", "height": 480, "width": 640, '
                    f'"date_captured": "2013-11-14 11:18:45", "flickr_url": "http://example.org/{i}.jpg", "id": {i}}}')
        f.write('], "annotations": [')
        for i in range(262465):
            n = 17 if i % 7 < 4 else 0
            points = ", ".join(f"{rng.randrange(640)}, {rng.randrange(480)}, 2" if j < n else "0, 0, 0" for j in range(17))
            outline = ", ".join(number() for _ in range(58))
            f.write(f'{", " if i else ""}{{"segmentation": [[{outline}]], "num_keypoints": {n}, "area": {number()}, '
                    f'"iscrowd": 0, "keypoints": [{points}], "image_id": {rng.randrange(118287)}, "bbox": '
                    f'[{number()}, {number()}, {number()}, {number()}], "category_id": 1, "id": {i + 1}}}')
        f.write('], "categories": [{"supercategory": "person", "id": 1, "name": "person", "keypoints": ['
                + ", ".join(f'"k{j}"' for j in range(17)) + '], "skeleton": []}]}\n')


def run(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/big.json"
        write(path)
        with open(f"{folder}/none.json", "w") as f:
            f.write("[]\n")
        print(f"{os.path.getsize(path) / 1e6:.0f} MB")
        seconds = run([sys.argv[1], "score", "coco", "--gt", path, "--results", f"{folder}/none.json"])
        megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"hrnet score (reads and scores): {seconds:.2f} s, at most {megabytes:.0f} MiB")
        theirs = run([sys.executable, "-c", f"import json; json.load(open({path!r}))"])
        print(f"Python's json.load (reads): {theirs:.2f} s, at most "
              f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")
        return seconds > theirs or megabytes > 1536


if __name__ == "__main__":
    sys.exit(main())
