"""Make this folder's files from published values: make.py GOLDEN, a folder with crop_source.png and people/ as the public
code of YOLOX, mmdetection and torchvision gave them."""
import hashlib
import json
import pathlib
import shutil
import sys

import numpy as np

golden = pathlib.Path(sys.argv[1])
here = pathlib.Path(__file__).parent
people = golden / "people"


def line(numbers):
    return " ".join(f"{n:.9g}" if isinstance(n, (float, np.floating)) else str(n) for n in numbers)


def save(name, array):
    np.save(here / name, np.ascontiguousarray(array, dtype=np.float32))


# letterboxes: source, target w h, resized w h, sum, SHA-256 of the tensor [3][h][w] of bytes, planes BGR
shutil.copyfile(golden / "crop_source.png", here / "crop_source.png")
with open(here / "letterbox.txt", "w") as out:
    for case in json.load(open(people / "letterbox.json")):
        sizes = case["target_hw"][::-1] + case["resized_hw"][::-1]
        print(case["source"], line(sizes), case["sum"], case["sha256"], file=out)
legacy = np.load(people / "letterbox.npz")["legacy_1"]
(here / "letterbox_legacy.txt").write_text(hashlib.sha256(legacy.tobytes()).hexdigest() + "\n")

# suppression: a case is "case NAME n", n lines "x1 y1 x2 y2 score label", then "keep IOU AGNOSTIC n" with n indices, ...
boxes = np.load(people / "box_nms.npz")
with open(here / "box_nms.txt", "w") as out:
    for name in [f[: -len("_boxes")] for f in boxes.files if f.endswith("_boxes")]:
        keeps = [f for f in boxes.files if f.startswith(name + "_keep_")]
        print("case", name, len(boxes[name + "_scores"]), len(keeps), file=out)
        for box, score, label in zip(*(boxes[f"{name}_{part}"] for part in ("boxes", "scores", "labels"))):
            print(line([*box, score]), int(label), file=out)
        for keep in keeps:
            print("keep", keep.split("_")[-1], int("_class_" not in keep), line([len(boxes[keep]), *boxes[keep]]), file=out)

# YOLOX: undecoded [cells][5 + classes] with scores after the sigmoid, raw maps where there are some, results
for name, folder, maps in (("yolox", "yolox_w125_160x224", False), ("yolox_dw", "yolox_dw_w125_128x96", True)):
    forward, nms = np.load(people / folder / "forward.npz"), np.load(people / folder / "nms.npz")
    if not maps:
        save(f"{name}_undecoded.npy", forward["undecoded"][0])
    for stride in (8, 16, 32) if maps else ():
        parts = [forward[f"{part}_{stride}"][0] for part in ("reg", "obj", "cls")]
        save(f"{name}_head_{stride}.npy", np.concatenate(parts))
    save(f"{name}_decoded.npy", forward["decoded_boxes"][0])
    for rule in ("demo", "eval", "common"):
        save(f"{name}_{rule}.npy", nms[rule + "_0"])

# RTMDet: [4 + classes][h][w] with distances in pixels; results as rows x1, y1, x2, y2, score, label
for name, folder in (("rtmdet", "rtmdet_w094_128x160"), ("rtmdet_nano", "rtmdet_nano_w125_96x128")):
    forward = np.load(people / folder / "forward.npz")
    for stride in (8, 16, 32):
        save(f"{name}_head_{stride}.npy", np.concatenate([forward[f"reg_{stride}"][0], forward[f"cls_{stride}"][0]]))
    for rule in ("coco", "person"):
        rows = [forward[f"{rule}_boxes"], forward[f"{rule}_scores"][:, None], forward[f"{rule}_labels"][:, None]]
        save(f"{name}_{rule}.npy", np.concatenate(rows, 1))

# the picture behind yolox_dw_*.npy, as binary PPM
picture = np.load(people / "yolox_dw_w125_128x96" / "forward.npz")["input"][0][::-1].transpose(1, 2, 0)
(here / "yolox_dw_input.ppm").write_bytes(b"P6 96 128 255\n" + picture.tobytes())
shutil.copyfile(people / "yolox_dw_w125_128x96" / "checkpoint_mmdet.pth", here / "yolox_dw.pth")
shutil.copyfile(people / "rtmdet_nano_w125_96x128" / "checkpoint.pth", here / "rtmdet_nano.pth")
