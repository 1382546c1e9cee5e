"""COCO and COCOeval: golden values of pycocotools, and pycocotools itself where it is installed."""

import copy
import json
import pathlib
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest

from hrnet.cocoeval import COCO, COCOeval


def _score(coco: Any, evaluation: Any, truth: Dict[str, Any], results: List[Any], kind: str, **params: Any) -> Any:
    one = coco()
    one.dataset = copy.deepcopy(truth)
    one.createIndex()
    score = evaluation(one, one.loadRes(copy.deepcopy(results)), kind)
    for name, value in params.items():
        setattr(score.params, name, value)
    score.evaluate()
    score.accumulate()
    if not params:
        score.summarize()
    return score


@pytest.mark.parametrize("name", ["crowded", "plain", "ties"])
def test_keypoints(golden: pathlib.Path, name: str, capsys: Any) -> None:
    folder = golden / "coco"
    expected = json.loads((folder / f"{name}_score.json").read_text())
    truth = COCO(str(folder / f"{name}_gt.json"))
    score = COCOeval(truth, truth.loadRes(str(folder / f"{name}_dt.json")), "keypoints")
    score.evaluate()
    score.accumulate()
    score.summarize()
    assert np.allclose(score.stats, expected["stats"], atol=1e-12, rtol=0)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10 and lines[0].startswith(
        " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = "
    )


@pytest.mark.parametrize("name", ["persons", "classes", "many"])
def test_boxes(golden: pathlib.Path, name: str) -> None:
    folder = golden / "bbox"
    expected = json.loads((folder / "scores.json").read_text())[name]
    truth = COCO(str(folder / f"{name}_gt.json"))
    score = COCOeval(truth, truth.loadRes(str(folder / f"{name}_dt.json")), "bbox")
    score.evaluate()
    score.accumulate()
    score.summarize()
    names = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
    assert np.allclose(score.stats, [expected[one] for one in names], atol=1e-12, rtol=0)


def _made_up(seed: int, kind: str) -> Tuple[Dict[str, Any], List[Dict[str, Any]]]:
    """A set with crowds, persons without keypoints, equal scores and ids from 0 on."""
    random = np.random.default_rng(seed)
    n_images, n_categories = int(random.integers(1, 12)), int(random.integers(1, 4))
    images = [{"id": int(one)} for one in random.permutation(100)[:n_images]]
    annotations: List[Dict[str, Any]] = []
    results: List[Dict[str, Any]] = []
    for _ in range(int(random.integers(1, 60))):
        box = [float(value) for value in random.integers(0, 200, 4) + [0, 0, 5, 5]]
        points = np.column_stack([random.integers(0, 200, (17, 2)), random.integers(0, 3, 17)])
        if random.random() < 0.1:
            points[:] = 0
        one = {
            "id": len(annotations) + seed % 2,
            "image_id": images[random.integers(n_images)]["id"],
            "category_id": int(random.integers(1, n_categories + 1)),
            "iscrowd": int(random.random() < 0.1),
            "area": box[2] * box[3] * 0.7,
            "bbox": box,
            "num_keypoints": int((points[:, 2] > 0).sum()),
            "keypoints": [int(value) for value in points.reshape(-1)],
        }
        annotations.append(one)
        for _ in range(int(random.integers(0, 4))):
            result = {key: one[key] for key in ("image_id", "category_id")}
            result["score"] = float(random.integers(0, 8)) / 8
            if kind == "bbox":
                result["bbox"] = [value + float(random.integers(-6, 7)) for value in box[:2]] + box[2:]
            else:
                moved = points + np.column_stack([random.integers(-9, 10, (17, 2)), np.zeros(17, int)])
                result["keypoints"] = [float(value) for value in moved.reshape(-1)]
            results.append(result)
    if not results:
        return _made_up(seed + 1000, kind)
    categories = [{"id": k + 1, "name": str(k)} for k in range(n_categories)]
    return {"images": images, "categories": categories, "annotations": annotations}, results


@pytest.mark.parametrize("kind", ["bbox", "keypoints"])
def test_made_up_sets_score_as_in_pycocotools(kind: str) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    changes: List[Dict[str, Any]] = [
        {},
        # with useCats 0 pycocotools matches no pose at all
        {"useCats": 0} if kind == "bbox" else {"maxDets": [2, 5]},
        {"maxDets": [1, 3, 7], "areaRng": [[0, 900], [900, 1e5]], "areaRngLbl": ["a", "b"]},
        {"iouThrs": np.array([0.3, 0.6]), "recThrs": np.array([0.0, 0.1, 0.5, 0.9])},
    ]
    for seed in range(60):
        truth, results = _made_up(seed, kind)
        params = changes[seed % len(changes)]
        theirs = _score(coco.COCO, evaluation.COCOeval, truth, results, kind, **params)
        ours = _score(COCO, COCOeval, truth, results, kind, **params)
        for table in ("precision", "recall", "scores"):
            assert ours.eval[table].shape == theirs.eval[table].shape
            assert (ours.eval[table] == theirs.eval[table]).all(), (seed, table)
        assert list(ours.eval["counts"]) == list(theirs.eval["counts"])
        if not params:
            assert (ours.stats == theirs.stats).all()


def test_queries(golden: pathlib.Path) -> None:
    truth = COCO(str(golden / "bbox" / "classes_gt.json"))
    names = [one["name"] for one in truth.loadCats(truth.getCatIds())]
    category = truth.getCatIds(catNms=names[:1])
    images = truth.getImgIds(catIds=category)
    annotations = truth.loadAnns(truth.getAnnIds(imgIds=images, catIds=category))
    assert annotations and {one["category_id"] for one in annotations} == set(category)
    assert {one["image_id"] for one in annotations} == set(images)
    assert truth.getAnnIds(areaRng=[0, 1]) == [] and len(truth.loadImgs(images)) == len(images)


def test_what_is_refused(golden: pathlib.Path) -> None:
    truth = COCO(str(golden / "coco" / "plain_gt.json"))
    with pytest.raises(ValueError, match="iouType: expected keypoints or bbox, found 'segm'"):
        COCOeval(truth, truth, "segm")
    with pytest.raises(ValueError, match="is none of the annotations'"):
        truth.loadRes([{"image_id": 123456789, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}])
    with pytest.raises(ValueError, match="evaluate"):
        COCOeval(truth, truth).accumulate()
