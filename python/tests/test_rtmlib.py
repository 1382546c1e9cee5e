"""rtmlib's call convention: bodies, whole bodies, trackers and drawings."""

import functools
import json
import pathlib
import struct
from typing import Any, List

import numpy as np
import pytest

import hrnet
from hrnet._skeletons import _BONES


@pytest.fixture(scope="module")
def picture(figure: str) -> Any:
    """Three people, as cv2.imread gives them."""
    return np.ascontiguousarray(hrnet.load_image(figure)[:, :, ::-1])


@pytest.fixture(scope="module")
def body() -> hrnet.Body:
    return hrnet.Body(mode="performance", backend="onnxruntime", device="cpu")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The weights that ship with a last layer of 133 maps: the first 17 are the same, the others random."""
    data = (pathlib.Path(__file__).resolve().parents[2] / "models" / "pose_hrnet_w16.safetensors").read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    meta = header.pop("__metadata__")
    names = _BONES[False, 133].names
    partner = [names.index(one.replace("left", "right")) for one in names if one.startswith("left")]
    meta["hrnet.keypoints"] = json.dumps(names)
    meta["hrnet.flip_pairs"] = json.dumps([[names.index(names[i].replace("right", "left")), i] for i in partner])
    meta["hrnet.config"] = meta["hrnet.config"].replace("NUM_JOINTS: 17", "NUM_JOINTS: 133")
    del meta["hrnet.sigmas"]
    random = np.random.default_rng(7)
    out, blocks, at = {"__metadata__": meta}, [], 0
    for name, entry in header.items():
        block = data[8 + size + entry["data_offsets"][0] : 8 + size + entry["data_offsets"][1]]
        if name.startswith("final_layer."):
            more = [116, *entry["shape"][1:]]
            block += random.normal(0, 0.01, more).astype(np.float16).tobytes()
            entry["shape"][0] = 133
        out[name] = {**entry, "data_offsets": [at, at + len(block)]}
        blocks.append(block)
        at += len(block)
    text = json.dumps(out).encode()
    path = tmp_path_factory.mktemp("whole") / "whole.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blocks))
    return path


def test_bodies(figure: str, picture: Any, body: hrnet.Body) -> None:
    keypoints, scores = body(picture)
    people = hrnet.find(figure)
    assert (keypoints == people.keypoints[:, :, :2]).all() and (scores == people.keypoints[:, :, 2]).all()
    assert keypoints.dtype == np.float32 and keypoints.shape == (3, 17, 2)
    points, point_scores = hrnet.Body(to_openpose=True)(picture)
    assert points.shape == (3, 18, 2) and point_scores.shape == (3, 18)
    assert np.allclose(points[:, 1], keypoints[:, 5:7].mean(axis=1)) and (points[:, 2] == keypoints[:, 6]).all()
    assert (point_scores[:, 1] == scores[:, 5:7].min(axis=1)).all() and (points[:, 14] == keypoints[:, 2]).all()
    none, none_scores = body(np.zeros((80, 90, 3), np.uint8))
    assert none.shape == (0, 17, 2) and none_scores.shape == (0, 17)


def test_input_sizes(photo: str) -> None:
    model = hrnet.Body(pose_input_size=(96, 128), det_input_size=(320, 320)).finder.model
    assert model is not None and (model.info["input_width"], model.info["input_height"]) == (96, 128)


def test_whole_bodies(whole: pathlib.Path, picture: Any, body: hrnet.Body) -> None:
    wholebody = hrnet.Wholebody(pose=whole, mode="lightweight")
    keypoints, scores = wholebody(picture)
    expected, _ = body(picture)
    assert keypoints.shape == (3, 133, 2) and scores.shape == (3, 133)
    # the same people, though the scores of the random maps may change their order
    order = [int(np.abs(keypoints[:, :17] - one).max(axis=(1, 2)).argmin()) for one in expected]
    assert sorted(order) == [0, 1, 2] and np.allclose(keypoints[order, :17], expected, atol=1e-3)
    model = wholebody.finder.model
    assert model is not None and model.skeleton.keypoint_names[91] == "left_hand_0"
    points, _ = hrnet.Wholebody(pose=whole, to_openpose=True)(picture)
    assert points.shape == (3, 134, 2)
    assert (points[:, 18:] == keypoints[:, 17:]).all() and (points[:, 4] == keypoints[:, 10]).all()
    drawn = hrnet.draw_skeleton(picture, keypoints, scores, kpt_thr=0.2)
    assert drawn.shape == picture.shape and (drawn != picture).any()


def test_whole_bodies_need_their_weights() -> None:
    with pytest.raises(ValueError, match="Wholebody: pose: expected a weights file of 133 keypoints"):
        hrnet.Wholebody()
    with pytest.raises(ValueError, match="expected 133 keypoints, found 17"):
        hrnet.Wholebody(pose=hrnet.Model())


def test_what_is_refused() -> None:
    sixteen = hrnet.Model(config="mpii/hrnet/w32_256x256")
    with pytest.raises(ValueError, match="to_openpose: expected a network of 17 or 133 keypoints, found 16"):
        hrnet.Body(pose=sixteen, to_openpose=True)
    with pytest.raises(ValueError, match="device: expected 'cpu'.* found 'cuda'"):
        hrnet.Body(device="cuda")
    with pytest.raises(ValueError, match="mode: expected performance, lightweight, balanced, found 'fast'"):
        hrnet.Body(mode="fast")
    with pytest.raises(ValueError, match="det_frequency: expected 1 or more, found 0"):
        hrnet.PoseTracker(hrnet.Body, det_frequency=0)


def test_trackers(figure: str, body: hrnet.Body) -> None:
    rgb = hrnet.load_image(figure)
    frames = [np.ascontiguousarray(np.roll(rgb, 4 * i, axis=1)[:, :, ::-1]) for i in range(6)]
    found: List[int] = []

    class Counted(hrnet.Finder):
        def find(self, *arguments: Any, **options: Any) -> Any:
            found.append(1)
            return super().find(*arguments, **options)

    finder = Counted(threads=2)

    def solution(**options: Any) -> hrnet.Body:
        one = hrnet.Body(**options)
        one.finder = finder
        return one

    tracker = hrnet.PoseTracker(solution, det_frequency=3, mode="balanced")
    first, _ = tracker(frames[0])
    assert tracker.track_ids_last_frame == [1, 2, 3]
    for i, frame in enumerate(frames[1:], 1):
        keypoints, scores = tracker(frame)
        assert tracker.track_ids_last_frame == [1, 2, 3] and scores.shape == (3, 17)
        sure = scores > 0.5
        moved = (keypoints - first)[sure]
        assert np.abs(np.median(moved[:, 0]) - 4 * i) < 1.5 and np.abs(np.median(moved[:, 1])) < 1.5
    assert len(found) == 2 and tracker.frame_cnt == 6
    tracker.reset()
    tracker(frames[0])
    assert len(found) == 3 and tracker.track_ids_last_frame == [1, 2, 3]
    plain = hrnet.PoseTracker(functools.partial(solution), tracking=False)
    assert (plain(frames[0])[0] == body(frames[0])[0]).all() and plain.track_ids_last_frame == []


def test_drawings(picture: Any, body: hrnet.Body) -> None:
    keypoints, scores = body(picture)
    kept = picture.copy()
    drawn = hrnet.draw_skeleton(picture, keypoints, scores, kpt_thr=0.3)
    assert (picture == kept).all() and drawn.flags.c_contiguous and drawn.dtype == np.uint8
    x, y = (int(round(float(value))) for value in keypoints[0, 5])
    assert scores[0, 5] > 0.3 and (drawn[y, x] > 220).all()  # the white middle of a joint
    changed = (drawn != picture).any(axis=2)
    hrnets = hrnet.draw(picture[:, :, ::-1], hrnet.find(picture, bgr=True), threshold=0.3, size=2, color="side")
    assert (hrnets[:, :, ::-1] == drawn).mean() > 0.999 and 0.001 < changed.mean() < 0.2
    single = hrnet.draw_skeleton(picture, keypoints[0], scores[0])
    assert (single != picture).any()
    points, point_scores = hrnet.body.coco_to_openpose(keypoints, scores)
    assert (hrnet.draw_skeleton(picture, points, point_scores, openpose_skeleton=True) != picture).any()
    assert (hrnet.draw_skeleton(picture, keypoints[:0], scores[:0]) == picture).all()
    with pytest.raises(ValueError, match="keypoints: expected 18 or 134 keypoints of OpenPose, found 17"):
        hrnet.draw_skeleton(picture, keypoints, scores, openpose_skeleton=True)
    with pytest.raises(ValueError, match=r"expected \[n\]\[k\]\[2\] and \[n\]\[k\]"):
        hrnet.draw_skeleton(picture, keypoints, scores[:2])


def test_bones() -> None:
    for (_, n), bones in _BONES.items():
        assert len(bones.names) == n == len(set(bones.names))
    coco = hrnet.Model().skeleton
    assert _BONES[False, 17].names == coco.keypoint_names and sorted(_BONES[False, 17].links) == sorted(coco.links)
    for key in ((False, 133), (True, 134)):
        bones = _BONES[key]
        ends = [tuple(bones.names[i] for i in link) for link in bones.links]
        assert ("left_ankle", "left_heel") in ends and ("right_ankle", "right_big_toe") in ends
        assert ("left_hand_0", "left_hand_5") in ends and ("right_hand_19", "right_hand_20") in ends
        assert len(bones.links) == len(_BONES[key[0], key[1] - 116].links) + 6 + 40
