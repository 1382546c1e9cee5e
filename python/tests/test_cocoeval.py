"""COCO and COCOeval: golden values of pycocotools, and pycocotools itself where it is installed."""

import copy
import json
import pathlib
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest

from hrnet.cocoeval import COCO, COCOeval


def _score(coco: Any, evaluation: Any, truth: Any, results: Any, kind: str, **params: Any) -> Any:
    """The score of files, or of their content."""
    if isinstance(truth, dict):
        one = coco()
        one.dataset = copy.deepcopy(truth)
        one.createIndex()
    else:
        one = coco(truth)
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


def _assert_same(ours: Any, theirs: Any, what: Any) -> None:
    for table in ("precision", "recall", "scores"):
        assert ours.eval[table].shape == theirs.eval[table].shape
        assert (ours.eval[table] == theirs.eval[table]).all(), (what, table)
    assert list(ours.eval["counts"]) == list(theirs.eval["counts"])
    if len(theirs.stats):
        assert (ours.stats == theirs.stats).all(), what


def _without_stats(score: Any) -> Any:
    one = copy.copy(score)
    one.stats = np.zeros(0)
    return one


def _write(folder: pathlib.Path, truth: Dict[str, Any], results: List[Any]) -> Tuple[str, str]:
    """Both as files."""
    paths = str(folder / "gt.json"), str(folder / "dt.json")
    for path, content in zip(paths, (truth, results)):
        pathlib.Path(path).write_text(json.dumps(content))
    return paths


@pytest.mark.parametrize("kind", ["bbox", "keypoints"])
def test_made_up_sets_score_as_in_pycocotools(kind: str, tmp_path: pathlib.Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    changes: List[Dict[str, Any]] = [
        {},
        # with useCats 0 pycocotools matches no pose at all
        {"useCats": 0} if kind == "bbox" else {"maxDets": [2, 5]},
        {"maxDets": [1, 3, 7], "areaRng": [[0, 900], [900, 1e5]], "areaRngLbl": ["a", "b"]},
        {"iouThrs": np.array([0.3, 0.6]), "recThrs": np.array([0.0, 0.1, 0.5, 0.9])},
        {"catIds": [2, 1], "imgIds": list(range(60))},
    ]
    for seed in range(60):
        truth, results = _made_up(seed, kind)
        params = changes[seed % len(changes)]
        theirs = _score(coco.COCO, evaluation.COCOeval, truth, results, kind, **params)
        _assert_same(_score(COCO, COCOeval, truth, results, kind, **params), theirs, seed)
        files = _write(tmp_path, truth, results)
        of_files = _score(COCO, COCOeval, *files, kind, **params)
        _assert_same(of_files, theirs, (seed, "files"))
        assert of_files.cocoGt._file is not None and of_files.cocoDt._file is not None  # read by the library


@pytest.mark.parametrize("kind", ["bbox", "keypoints"])
def test_what_was_matched_is_pycocotools(kind: str, tmp_path: pathlib.Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    for seed in range(20):
        truth, results = _made_up(seed, kind)
        params = {"useCats": 0} if kind == "bbox" and seed % 3 == 2 else {}
        theirs = _score(coco.COCO, evaluation.COCOeval, truth, results, kind, **params)
        ours = _score(COCO, COCOeval, *_write(tmp_path, truth, results), kind, **params)
        assert set(ours.ious) == set(theirs.ious)
        for key, value in theirs.ious.items():
            assert np.allclose(ours.ious[key], value, atol=1e-12, rtol=0), (seed, key)
        assert len(ours.evalImgs) == len(theirs.evalImgs)
        for one, other in zip(ours.evalImgs, theirs.evalImgs):
            assert (one is None) == (other is None)
            for name, value in (other or {}).items():
                assert np.array_equal(one[name], value), (seed, name)


def test_files_are_read_when_they_are_asked_for(golden: pathlib.Path, tmp_path: pathlib.Path) -> None:
    source = golden / "coco"
    copies = [tmp_path / name for name in ("gt.json", "dt.json")]
    for one, name in zip(copies, ("crowded_gt.json", "crowded_dt.json")):
        one.write_bytes((source / name).read_bytes())
    truth = COCO(str(copies[0]))
    results = truth.loadRes(str(copies[1]))
    for one in copies:
        one.unlink()  # what was read stays
    ids = [one["id"] for one in json.loads((source / "crowded_gt.json").read_text())["images"]]
    assert truth._file is not None and truth.getImgIds() == ids and truth.getCatIds() == [1]
    score = COCOeval(truth, results, "keypoints")
    score.evaluate()
    score.accumulate()
    assert truth._file is not None and results._file is not None
    assert len(truth.anns) == len(truth.dataset["annotations"]) and truth._file is None
    assert len(results.anns) == len(results.dataset["annotations"]) and results.anns[1]["id"] == 1
    again = COCOeval(truth, results, "keypoints")
    again.evaluate()
    again.accumulate()
    _assert_same(again, score, "dictionaries")
    with pytest.raises(AttributeError):
        truth.nothing


def test_results_that_are_made_by_hand(golden: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """A COCO of results without loadRes, as torchmetrics makes it, and one that reads them as if they were annotations."""
    truth, results = _made_up(3, "bbox")
    expected = _score(COCO, COCOeval, truth, results, "bbox")
    made = COCO()
    made.dataset = {
        "images": truth["images"],
        "categories": truth["categories"],
        "annotations": [
            {**one, "id": i + 1, "area": one["bbox"][2] * one["bbox"][3]} for i, one in enumerate(results)
        ],
    }
    made.createIndex()
    path = tmp_path / "made.json"
    path.write_text(json.dumps(made.dataset))
    for one in (made, COCO(str(path))):
        score = COCOeval(expected.cocoGt, one, "bbox")
        score.evaluate()
        score.accumulate()
        _assert_same(score, _without_stats(expected), "by hand")
        assert [x and x["dtIds"] for x in score.evalImgs] == [x and x["dtIds"] for x in expected.evalImgs]


def test_files_that_the_library_would_mend(golden: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """What pycocotools takes as it is comes from the dictionaries: an area of 0 stays 0, and small."""
    truth = {
        "images": [{"id": 1}, {"id": 2}],
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "area": 0, "iscrowd": 0, "bbox": [0, 0, 50, 50]},
            {"id": 2, "image_id": 2, "category_id": 1, "area": 2500, "iscrowd": 0, "bbox": [0, 0, 50, 50]},
        ],
    }
    rows = np.array([[1, 0, 0, 50, 50, 0.5, 1], [2, 0, 0, 50, 50, 0.25, 1]])
    path, _ = _write(tmp_path, truth, [])
    one = COCO(path)
    assert one._file is None
    score = COCOeval(one, one.loadRes(rows), "bbox")
    score.evaluate()
    score.accumulate()
    score.summarize()
    assert np.allclose(score.stats[3:6], [1, 1, -1])  # small, medium, large


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
    with pytest.raises(ValueError, match=r"expected \[n\]\[7\], found \[2, 6\]"):
        truth.loadRes(np.zeros((2, 6)))
    score = COCOeval(truth, truth.loadRes(str(golden / "coco" / "plain_dt.json")))
    score.params.kpt_oks_sigmas = np.full(5, 0.1)
    with pytest.raises(ValueError, match="keypoints: expected 15 numbers in each, found 51"):
        score.evaluate()
    with pytest.raises(FileNotFoundError, match="missing.json"):
        COCO("missing.json")
