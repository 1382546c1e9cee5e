"""make_coco_sets.py FOLDER - made-up annotations and results with what is rare in real ones, and the numbers that
pycocotools gives them. Run it to make tests/golden/coco again; needs numpy and pycocotools.

crowds, images without persons, without results and without both, more than 20 results, equal scores, persons without
labelled keypoints, categories, and skeletons of other sizes with sigmas of their own."""
import contextlib, io, json, sys
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def person(rng, ident, image, category, n_joints, size):
    x, y = rng.uniform(0, 300, 2)
    points = np.column_stack([x + rng.uniform(0, size, n_joints), y + rng.uniform(0, size, n_joints),
                              rng.choice([0, 1, 2], n_joints, p=[.2, .2, .6])]).round(2)
    points[points[:, 2] == 0] = 0
    if rng.random() < .12:
        points[:] = 0
    return {"id": ident, "image_id": image, "category_id": category, "iscrowd": int(rng.random() < .08),
            "num_keypoints": int((points[:, 2] > 0).sum()), "area": round(float(size * size * rng.uniform(.3, .8)), 3),
            "bbox": [round(float(v), 2) for v in (x, y, size, size)], "keypoints": points.ravel().tolist()}


def result(rng, truth, spread, ties):
    points = np.array(truth["keypoints"]).reshape(-1, 3).copy()
    missing = points[:, 2] == 0
    points[:, :2] += rng.normal(0, spread * np.sqrt(truth["area"]), (len(points), 2))
    points[missing, :2] = np.array(truth["bbox"][:2]) + rng.uniform(-.5, 1.5, (missing.sum(), 2)) * truth["bbox"][2]
    points[:, 2] = rng.random(len(points))
    score = rng.choice([.25, .5, .75]) if ties else rng.random()
    return {"image_id": truth["image_id"], "category_id": truth["category_id"], "score": round(float(score), 4),
            "keypoints": points.round(3).ravel().tolist()}


def make_set(seed, n_images, n_joints, categories=1, ties=False, crowded=False, boxes=False):
    rng = np.random.default_rng(seed)
    ids = [int(v) for v in rng.permutation(n_images) * 7 + 3]  # unordered, with gaps
    truth = {"images": [{"id": i, "width": 640, "height": 480, "file_name": f"picture {i}.jpg"} for i in ids],
             "annotations": [], "categories": [{"id": 2 * c + 1, "name": f"kind {c}", "skeleton": [],
             "keypoints": [f"joint {j}" for j in range(n_joints)]} for c in range(categories)]}
    results = []
    for image in ids:
        for category in truth["categories"]:
            n = int(rng.choice([0, 1, 2, 4])) if not crowded else int(rng.integers(8, 20))
            persons = [person(rng, len(truth["annotations"]) + k + 1, image, category["id"], n_joints,
                              float(rng.choice([20, 60, 90, 150]))) for k in range(n)]
            truth["annotations"] += persons
            if rng.random() < .15:
                continue
            for p in persons:
                for _ in range(int(rng.choice([0, 1, 1, 2])) + crowded):
                    results.append(result(rng, p, float(rng.choice([.01, .03, .08, .3])), ties))
            for _ in range(int(rng.choice([0, 0, 1, 2]))):  # nobody is there
                p = person(rng, 0, image, category["id"], n_joints, 80.)
                results.append(result(rng, p, .05, ties))
    if boxes:
        for r in results:
            r["bbox"] = [round(float(v), 2) for v in rng.uniform(5, 120, 4)]
    order = rng.permutation(len(results))
    return truth, [results[i] for i in order]


def score(truth, results, sigmas):
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = truth
        gt.createIndex()
        run = COCOeval(gt, gt.loadRes(json.loads(json.dumps(results))), "keypoints")
        if sigmas is not None:
            run.params.kpt_oks_sigmas = np.array(sigmas)
        run.evaluate()
        run.accumulate()
        run.summarize()
    precision = run.eval["precision"][:, :, :, :, 0]  # [threshold][recall][category][area]
    means = [[float(np.mean(p[p > -1])) if (p > -1).any() else -1. for p in precision[..., a]] for a in range(3)]
    return [float(v) for v in run.stats], means


def main(folder):
    sets = {"plain": dict(seed=1, n_images=30, n_joints=17), "ties": dict(seed=2, n_images=30, n_joints=17, ties=True),
            "crowded": dict(seed=3, n_images=4, n_joints=17, crowded=True),
            "custom": dict(seed=4, n_images=30, n_joints=5), "kinds": dict(seed=5, n_images=15, n_joints=17, categories=3),
            "boxes": dict(seed=6, n_images=20, n_joints=17, boxes=True)}
    for name, arguments in sets.items():
        truth, results = make_set(**arguments)
        n_joints = arguments["n_joints"]
        sigmas = None if n_joints == 17 else [round(.03 + .02 * j, 3) for j in range(n_joints)]
        if sigmas is not None:
            truth["categories"][0]["sigmas"] = sigmas
        stats, precision = score(json.loads(json.dumps(truth)), results, sigmas)
        for suffix, value in (("gt", truth), ("dt", results), ("score", {"stats": stats, "precision": precision})):
            with open(f"{folder}/{name}_{suffix}.json", "w") as f:
                json.dump(value, f, separators=(",", ":"))
                f.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
