"""make_box_sets.py - made-up boxes, and the numbers that pycocotools gives them (iouType bbox), as JSON on standard
output. Run it to make tests/golden/bbox/made_up.json again; needs numpy and pycocotools.

The sets are drawn from a generator of whole numbers that test_box_score.c has too (draw_set), so that only the numbers
are kept. Boxes lie on whole pixels: equal overlaps, and overlaps that just reach a threshold, are frequent."""
import contextlib, io, json
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

# seed, pictures, categories, most boxes of a picture and category, most results of a box, most strays, score levels
SETS = {"people": (1, 400, 1, 6, 2, 3, 1 << 20), "classes": (2, 60, 80, 2, 2, 1, 1 << 20), "ties": (3, 80, 5, 5, 3, 4, 4),
        "many": (4, 12, 2, 90, 4, 60, 1000), "strays": (5, 50, 3, 1, 1, 12, 16)}


class Numbers:
    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return (self.state >> 33) % n


def draw_set(seed, n_pictures, n_categories, most, copies, strays, levels):
    numbers = Numbers(seed)
    truths, found = [], []
    for picture in range(n_pictures):
        for category in range(n_categories):
            def add(box):
                found.append((picture, category, box, numbers.below(levels) / levels))
            for _ in range(numbers.below(most + 1)):
                size = 8 << numbers.below(6)
                x, y = numbers.below(600), numbers.below(440)
                w, h = 1 + numbers.below(size), 1 + numbers.below(size)
                area = w * h * (4 + numbers.below(13)) / 16
                truths.append((picture, category, [x, y, w, h], area, int(numbers.below(12) == 0)))
                for _ in range(numbers.below(copies + 1)):
                    dx, dy = numbers.below(2 + w // 6) - w // 12, numbers.below(2 + h // 6) - h // 12
                    add([x + dx, y + dy, w - w // 8 + numbers.below(1 + w // 4), h + numbers.below(1 + h // 8)])
            for _ in range(numbers.below(strays + 1)):
                x, y = numbers.below(600), numbers.below(440)
                add([x, y, 1 + numbers.below(200), 1 + numbers.below(200)])
    for i in range(len(found) - 1, 0, -1):
        j = numbers.below(i + 1)
        found[i], found[j] = found[j], found[i]
    return truths, found


def score(truths, found, n_pictures, n_categories):
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = {"images": [{"id": 7 * i + 3} for i in range(n_pictures)],
                      "categories": [{"id": c + 1} for c in range(n_categories)],
                      "annotations": [{"id": i + 1, "image_id": 7 * p + 3, "category_id": c + 1, "bbox": box, "area": area,
                                       "iscrowd": crowd} for i, (p, c, box, area, crowd) in enumerate(truths)]}
        gt.createIndex()
        run = COCOeval(gt, gt.loadRes([{"image_id": 7 * p + 3, "category_id": c + 1, "bbox": box, "score": s}
                                       for p, c, box, s in found]), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    precision = run.eval["precision"][..., 2]  # [threshold][recall][category][area]
    means = [[float(np.mean(p[p > -1])) if (p > -1).any() else -1. for p in precision[..., a]] for a in range(4)]
    return {"truths": len(truths), "found": len(found), "stats": [float(v) for v in run.stats], "precision": means}


if __name__ == "__main__":
    out = {}
    for name, arguments in SETS.items():
        truths, found = draw_set(*arguments)
        out[name] = score(truths, found, arguments[1], arguments[2])
    print(json.dumps(out, separators=(",", ":")))
