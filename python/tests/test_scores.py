"""Scores: the golden values that the library's own tests have."""

import json
import pathlib

import numpy as np
import pytest

import hrnet


@pytest.mark.parametrize("name", ["crowded", "custom", "kinds", "plain", "ties"])
def test_keypoints(golden: pathlib.Path, name: str) -> None:
    folder = golden / "coco"
    expected = json.loads((folder / f"{name}_score.json").read_text())
    for results in (folder / f"{name}_dt.json", json.loads((folder / f"{name}_dt.json").read_text())):
        score = hrnet.score_coco(folder / f"{name}_gt.json", results)
        assert np.allclose(list(score["numbers"].values()), expected["stats"], atol=1e-12, rtol=0)
        assert np.allclose(score["precision"], expected["precision"], atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", ["persons", "classes", "many"])
def test_boxes(golden: pathlib.Path, name: str) -> None:
    folder = golden / "bbox"
    expected = json.loads((folder / "scores.json").read_text())[name]
    names = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
    for results in (folder / f"{name}_dt.json", json.loads((folder / f"{name}_dt.json").read_text())):
        score = hrnet.score_coco(folder / f"{name}_gt.json", results, kind="bbox")
        assert np.allclose(list(score["numbers"].values()), [expected[one] for one in names], atol=1e-12, rtol=0)


def test_tracks(golden: pathlib.Path) -> None:
    folder = golden / "mot"
    expected = json.loads((folder / "scores.json").read_text())
    for name in ("made1", "TUD-Campus"):
        score = hrnet.score_mot((folder / f"{name}_gt.txt", folder / f"{name}_dt.txt"))
        for number in ("HOTA", "DetA", "AssA", "LocA", "MOTA"):
            assert score["numbers"][number] == pytest.approx(expected[name]["trackeval"][number], abs=1e-12)
        assert score["n_switches"] == expected[name]["trackeval"]["IDSW"]
        assert len(score["curves"]["HOTA"]) == 19
    pairs = [(folder / f"{name}_gt.txt", folder / f"{name}_dt.txt") for name in ("made1", "TUD-Campus")]
    counts = [hrnet.score_mot(pair)["n_truths"] for pair in pairs]
    assert hrnet.score_mot(pairs)["n_truths"] == sum(counts)


def test_sigmas(golden: pathlib.Path) -> None:
    folder = golden / "coco"
    files = (folder / "plain_gt.json", folder / "plain_dt.json")
    strict = hrnet.score_coco(*files, sigmas=np.full(17, 0.005), max_detections=1)
    assert strict["numbers"]["AP"] < hrnet.score_coco(*files)["numbers"]["AP"]
    with pytest.raises(ValueError, match="sigmas: expected 17, found 3"):
        hrnet.score_coco(*files, sigmas=[0.1, 0.1, 0.1])


def test_what_is_no_score(golden: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(hrnet.FileError, match="missing.json"):
        hrnet.score_coco("missing.json", [])
    truth = golden / "coco" / "plain_gt.json"
    result = {"image_id": 123456789, "category_id": 1, "score": 1.0, "keypoints": [0.0] * 51}
    with pytest.raises(hrnet.MismatchError, match="image 123456789"):
        hrnet.score_coco(truth, [result])
    with pytest.raises(ValueError, match="result 1: keypoints: expected 51 numbers, found 3"):
        hrnet.score_coco(truth, [result, {**result, "keypoints": [0.0] * 3}])
    with pytest.raises(ValueError, match="kind: expected keypoints, bbox"):
        hrnet.score_coco(truth, [], kind="segm")
