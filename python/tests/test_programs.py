"""Tracks, videos, drawings, the validation pass, training, and the command."""

import json
import os
import pathlib
import subprocess
import sys
import warnings
from typing import Any, Dict, List

import numpy as np
import pytest

import hrnet

# ------------------------------------------------------------------------------------------------ tracks and videos


def test_tracks_and_smoothing(figure: str, finder: hrnet.Finder) -> None:
    tracker, smoother = hrnet.Tracker(), hrnet.Smoother()
    first = tracker.update(finder.find(figure), 0.0)
    assert sorted(first.tracks) == [1, 2, 3]
    second = finder.find(figure)
    before = second.keypoints.copy()
    smoother.update(first, 0.0)
    second.keypoints[:, :, 0] += 4
    smoother.update(tracker.update(second, 0.1), 0.1)
    assert list(second.tracks) == list(first.tracks) and tracker.n_tracks == 3
    moved = second.keypoints[:, :, 0] - before[:, :, 0]
    sure = before[:, :, 2] > 0.2
    assert (moved[sure] > 0).all() and (moved[sure] < 4).all() and np.allclose(moved[~sure], 4, atol=1e-4)
    with pytest.raises(hrnet.ArgumentError):
        tracker.update(second, 0.05)
    tracker.reset()
    assert sorted(tracker.update(finder.find(figure), 0.0).tracks) == [4, 5, 6]
    with pytest.raises(hrnet.ArgumentError):
        hrnet.Tracker(low=0.9, high=0.1)


@pytest.fixture(scope="module")
def clip(figure: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Eight frames of three people who move to the right."""
    folder = tmp_path_factory.mktemp("clip")
    picture = hrnet.load_image(figure)
    for i in range(8):
        hrnet.save_image(np.roll(picture, 4 * i, axis=1), folder / f"{i + 1:02d}.png")
    try:
        hrnet.video(str(folder / "%02d.png"), finder=hrnet.Finder(threads=1)).close()
    except hrnet.UnsupportedError as error:
        pytest.skip(str(error))
    return str(folder / "%02d.png")


def test_videos_are_the_commands(clip: str, command: Any) -> None:
    frames = list(hrnet.video(clip))
    assert [frame.number for frame in frames] == list(range(1, 9))
    text = hrnet.results_text([frame.people for frame in frames], "jsonl")
    assert text.encode() == command("pose", "-q", "-F", "jsonl", clip)
    assert all(person.track in (1, 2, 3) for person in frames[-1].people)
    markers = hrnet.results_text([frame.people for frame in frames], "trc", track=2).splitlines()
    assert markers[0].startswith("PathFileType") and markers[-1].split("\t")[0] == "8"
    first = frames[0]
    assert first.image is not None and first.image.shape == (400, 900, 3)
    assert first.warning is None and first.n_dropped == 0


def test_parts_of_videos(clip: str, finder: hrnet.Finder) -> None:
    frames = list(hrnet.video(clip, finder=finder, every=2, images=False, track=False))
    assert len(frames) == 4 and frames[0].image is None and not frames[0].people.tracks.any()
    with hrnet.video(clip, finder=finder) as opened:
        assert opened.info["width"] == 900
        next(opened)
    with pytest.raises(StopIteration):
        next(opened)
    with pytest.raises(hrnet.FileError, match="missing.mp4"):
        hrnet.video("missing.mp4", finder=finder)


# ------------------------------------------------------------------------------------------------ drawings


def test_drawings(figure: str, tmp_path: pathlib.Path, command: Any) -> None:
    picture = hrnet.load_image(figure)
    kept = picture.copy()
    people = hrnet.find(picture)
    drawn = hrnet.draw(picture, people)
    command("pose", "-q", "-o", str(tmp_path / "drawn.png"), figure)
    assert (drawn == hrnet.load_image(tmp_path / "drawn.png")).all() and (picture == kept).all()
    assert (hrnet.draw(picture, people, boxes=True, scores=True) != drawn).any()
    with_maps = hrnet.find(picture, heatmaps=True)
    assert (hrnet.draw_heatmaps(picture, with_maps[0]) != picture).any()
    with pytest.raises(ValueError, match="heatmaps=True"):
        hrnet.draw_heatmaps(picture, people[0])
    with pytest.raises(ValueError, match="color: expected auto, side, person"):
        hrnet.draw(picture, people, color="red")


# ------------------------------------------------------------------------------------------------ conversions


def test_conversions(figure: str, finder: hrnet.Finder) -> None:
    people = finder.find(figure)
    rows = people.to_coco(7)
    assert [row["image_id"] for row in rows] == [7, 7, 7]
    assert np.allclose(np.reshape(rows[1]["keypoints"], (17, 3)), people.keypoints[1])
    for kind, n in (("BODY_25", 25), ("BODY_18", 18), ("RAW", 17)):
        assert len(people.to_openpose(kind)["people"][0]["pose_keypoints_2d"]) == 3 * n
    with pytest.raises(ValueError, match="BODY_25, BODY_18 or RAW"):
        people.to_openpose("BODY_3")


def test_pandas(figure: str, finder: hrnet.Finder) -> None:
    pytest.importorskip("pandas")
    people = finder.find(figure)
    table = people.to_pandas()
    assert len(table) == 3 * 17 and list(table["keypoint"][:2]) == ["nose", "left_eye"]
    assert np.allclose(table[["x", "y", "score"]].to_numpy().reshape(3, 17, 3), people.keypoints)


def test_supervision(figure: str, finder: hrnet.Finder) -> None:
    pytest.importorskip("supervision")
    people = finder.find(figure)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        points = people.to_supervision()
    scores = points.keypoint_confidence if hasattr(points, "keypoint_confidence") else points.confidence
    assert np.allclose(points.xy, people.keypoints[:, :, :2]) and np.allclose(scores, people.keypoints[:, :, 2])


# ------------------------------------------------------------------------------------------------ sets


@pytest.fixture(scope="module")
def small_set(golden: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Any]:
    """Four pictures of a made-up person each in COCO's layout, and the keys that name them."""
    root = tmp_path_factory.mktemp("set")
    pictures = root / "images" / "mine"
    pictures.mkdir(parents=True)
    (root / "annotations").mkdir()
    names = hrnet.Model().skeleton.keypoint_names
    random = np.random.default_rng(1)
    images: List[Dict[str, Any]] = []
    annotations: List[Dict[str, Any]] = []
    for i in range(4):
        hrnet.save_image(random.integers(0, 256, (80, 96, 3), dtype=np.uint8), pictures / f"{i}.png")
        images.append({"id": i + 1, "file_name": f"{i}.png", "width": 96, "height": 80})
        points = [[14 + (j * 23 + i * 5) % 56, 10 + (j * 11 + i * 7) % 58, 2] for j in range(17)]
        annotations.append(
            {
                "id": i + 1,
                "image_id": i + 1,
                "category_id": 1,
                "iscrowd": 0,
                "area": 2500,
                "num_keypoints": 17,
                "bbox": [8 + i, 6, 66, 66],
                "keypoints": [number for point in points for number in point],
            }
        )
    document = {
        "categories": [{"id": 1, "name": "person", "keypoints": names}],
        "images": images,
        "annotations": annotations,
    }
    (root / "annotations" / "person_keypoints_mine.json").write_text(json.dumps(document))
    return {
        "DATASET.ROOT": root,
        "DATASET.TRAIN_SET": "mine",
        "DATASET.TEST_SET": "mine",
        "TEST.USE_GT_BBOX": True,
        "TRAIN.BATCH_SIZE_PER_GPU": 2,
        "TRAIN.END_EPOCH": 2,
        "PRINT_FREQ": 1,
        "WORKERS": 1,
        "AUTO_RESUME": True,
    }


def test_evaluation(small_set: Dict[str, Any], golden: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config = hrnet.Config(golden / "hrnet_w8_96x64" / "config.yaml", small_set)
    model = hrnet.Model(golden / "hrnet_w8_96x64" / "weights.pth", config=config)
    seen: List[int] = []
    results = tmp_path / "results.json"
    score = hrnet.evaluate(
        model, config, threads=1, results=results, on_progress=lambda n_done, n: seen.append(n_done)
    )
    assert seen[-1] == 4 and score["n_persons"] == 4 and score["set"] == "mine" and score["loss"] > 0
    truth = small_set["DATASET.ROOT"] / "annotations" / "person_keypoints_mine.json"
    assert hrnet.score_coco(truth, results)["numbers"] == score["numbers"]

    def stop(n_done: int, n: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hrnet.evaluate(model, config, threads=1, on_progress=stop)


def test_training(small_set: Dict[str, Any], golden: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config = hrnet.Config(golden / "hrnet_w8_96x64" / "config.yaml", small_set)
    lines: List[str] = []
    losses: List[float] = []

    def note(info: Dict[str, Any]) -> None:
        losses.append(info["loss"])

    done = hrnet.train(config, note, output=tmp_path / "run", threads=1, on_message=lines.append)
    assert done["is_done"] and done["epoch"] == 2 and len(losses) == 4 and losses[0] > 0
    assert any(line.startswith("Epoch: [0][0/2]") for line in lines)
    assert hrnet.Model(tmp_path / "run" / "model_best.safetensors").n_keypoints == 17

    stopped = hrnet.train(config, lambda info: True, output=tmp_path / "other", threads=1)
    assert stopped["is_stopped"] and not stopped["is_done"]
    again = hrnet.train(config, output=tmp_path / "other", threads=1)
    assert again["is_done"]
    first, second = (tmp_path / name / "final_state.pth" for name in ("run", "other"))
    assert first.read_bytes() == second.read_bytes()  # a run that was stopped ends with the same bits


def test_fine_tuning(small_set: Dict[str, Any]) -> None:
    lines: List[str] = []
    truth = small_set["DATASET.ROOT"] / "annotations" / "person_keypoints_mine.json"
    config = hrnet.fine_tune_config(small_set["DATASET.ROOT"], annotations=truth, on_message=lines.append)
    assert config.get("MODEL.NUM_JOINTS") == "17" and lines
    with pytest.raises(hrnet.Error):
        hrnet.fine_tune_config("missing")


# ------------------------------------------------------------------------------------------------ the command


def test_the_command() -> None:
    version = subprocess.run([sys.executable, "-m", "hrnet", "--version"], stdout=subprocess.PIPE, check=True).stdout
    assert version.decode() == f"hrnet {hrnet.__version__}\n"
    wrong = subprocess.run([sys.executable, "-m", "hrnet", "nothing"], stderr=subprocess.PIPE, check=False)
    assert wrong.returncode == 2 and b"unknown sub-command 'nothing'" in wrong.stderr


def test_the_command_of_the_tree(photo: str) -> None:
    """The build's own program gives the same bytes."""
    program = os.environ.get("HRNET")
    if program is None:
        pytest.skip("HRNET does not name the command")
    done = subprocess.run([program, "pose", "-q", photo], stdout=subprocess.PIPE, check=True)
    assert done.stdout == hrnet.find(photo).to_json().encode()
