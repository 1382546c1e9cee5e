"""Models, sessions and detectors: golden values of small networks, and what is refused."""

import pathlib
from typing import Any, List

import numpy as np
import pytest

import hrnet
from hrnet import _images


@pytest.fixture(scope="module")
def small(golden: pathlib.Path) -> Any:
    return golden / "hrnet_w8_96x64"


def test_forward_is_pytorchs(small: pathlib.Path) -> None:
    model = hrnet.Model(small / "weights.pth", config=small / "config.yaml")
    session = hrnet.Session(model, threads=1)
    pictures = np.load(small / "input.npy")
    expected = np.load(small / "heatmaps.npy")
    assert np.abs(session.forward(pictures) - expected).max() < 1e-4
    assert (session.forward(pictures[0])[0] == session.forward(pictures)[0]).all()
    for shift in (False, True):
        flipped = session.forward(pictures, flip_test=True, shift=shift)
        assert np.abs(flipped - np.load(small / f"heatmaps_flip_shift{int(shift)}.npy")).max() < 1e-4
    out = np.empty_like(expected)
    assert session.forward(pictures, out=out) is out and (out == session.forward(pictures)).all()
    assert session.input_shape == (3, 96, 64)


def test_tensors_of_torch(small: pathlib.Path) -> None:
    torch = pytest.importorskip("torch")
    session = hrnet.Session(hrnet.Model(small / "weights.pth", config=small / "config.yaml"), threads=1)
    pictures = np.load(small / "input.npy")
    expected = session.forward(pictures)
    tensor = torch.from_numpy(pictures)
    assert np.ascontiguousarray(_images.as_array(tensor, "input")).ctypes.data == tensor.data_ptr()
    assert (session.forward(tensor) == expected).all()
    assert (session.forward(tensor.requires_grad_()) == expected).all()
    assert (torch.from_dlpack(session.forward(tensor)).numpy() == expected).all()


def test_what_forward_refuses(small: pathlib.Path) -> None:
    session = hrnet.Session(hrnet.Model(small / "weights.pth", config=small / "config.yaml"), threads=1)
    with pytest.raises(ValueError, match=r"expected \[n\]\[3\]\[96\]\[64\], found \(1, 3, 64, 96\)"):
        session.forward(np.zeros((1, 3, 64, 96), np.float32))
    with pytest.raises(ValueError, match="out: expected float32"):
        session.forward(np.zeros((1, 3, 96, 64), np.float32), out=np.zeros((1, 17, 24, 16)))
    with pytest.raises(hrnet.ArgumentError):
        session.reshape(100, 100)


def test_models(small: pathlib.Path) -> None:
    model = hrnet.Model()
    assert model.n_keypoints == 17 and model.skeleton.name == "coco"
    assert model.skeleton.keypoint_names[0] == "nose" and (15, 13) in model.skeleton.links
    assert model.skeleton.flip_pairs[0] == (1, 2) and model.skeleton.sigmas is not None
    assert model.info["input_width"] == 192 and model.info["input_height"] == 256
    assert "NUM_JOINTS: 17" in str(model.config) and model.config.get("MODEL.NUM_JOINTS") == "17"
    lines: List[str] = []
    hrnet.Model(small / "weights.pth", config=small / "config.yaml", on_message=lines.append)
    assert any("tensors matched" in line for line in lines)


def test_a_callback_that_raises(small: pathlib.Path) -> None:
    def fail(line: str) -> None:
        raise KeyError(line)

    with pytest.raises(KeyError, match="matched"):
        hrnet.Model(small / "weights.pth", config=small / "config.yaml", on_message=fail)


def test_what_models_refuse(small: pathlib.Path, golden: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(hrnet.FileError, match="missing.pth"):
        hrnet.Model("missing.pth")
    with pytest.raises(hrnet.ConfigError, match="NO_SUCH"):
        hrnet.Config(None, {"MODEL.NO_SUCH": 1})
    with pytest.raises(hrnet.MismatchError):
        hrnet.Model(small / "weights.pth", config="coco/hrnet/w32_256x192")
    with pytest.raises(hrnet.MismatchError):
        hrnet.Detector(small / "weights.pth")
    with pytest.raises(TypeError):
        hrnet.Model(no_such_option=1)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="precision: expected fp32, fp16-weights, found 'int8'"):
        hrnet.Model(precision="int8")
    assert issubclass(hrnet.OutOfMemoryError, MemoryError) and issubclass(hrnet.LimitError, hrnet.Error)


def test_configurations() -> None:
    assert "coco/hrnet/w32_256x192_adam_lr1e-3" in hrnet.Config.names()
    config = hrnet.Config("coco/hrnet/w32_256x192", {"MODEL.IMAGE_SIZE": [96, 128], "TEST.FLIP_TEST": False})
    assert config.get("MODEL.IMAGE_SIZE") == "[96, 128]"


def test_poses_are_the_finders(photo: str, finder: hrnet.Finder) -> None:
    people = finder.find(photo)
    session = hrnet.Session(finder.model, threads=1)
    assert (session.pose(photo, people.boxes) == people.keypoints).all()
    maps = session.heatmaps(photo, people.boxes)
    assert maps.shape == (1, 17, 64, 48) and np.allclose(maps[0].max(axis=(1, 2)), people.keypoints[0, :, 2])
    with_maps = hrnet.find(photo, heatmaps=True)
    assert with_maps.heatmaps is not None and (with_maps.heatmaps == maps).all()
    assert (hrnet.heatmaps(photo, people.boxes) == maps).all()


def test_detections_are_the_finders(figure: str, finder: hrnet.Finder) -> None:
    found = hrnet.DetectorSession(threads=1).detect(figure)
    boxes = hrnet.Finder(model=False, threads=1).find(figure)
    assert np.allclose([one.box for one in found], boxes.boxes) and len(found) == 3
    assert hrnet.Detector().info["name"] == "detect_hrnet"
    assert len(hrnet.DetectorSession(threads=1).detect(figure, threshold=0.75)) < 3


def test_one_pool_for_all(photo: str) -> None:
    pool = hrnet.Pool(2)
    assert (hrnet.Finder(pool=pool).find(photo).keypoints == hrnet.find(photo).keypoints).all()


def test_boxes_that_are_none(photo: str, finder: hrnet.Finder) -> None:
    with pytest.raises(ValueError, match=r"boxes: expected \[n\]\[4\]"):
        finder.pose(photo, [[1, 2, 3]])
    people = finder.pose(photo, [[0, 0, float("nan"), 10], [270, 40, 220, 340]])
    assert people[0].message is not None and people[1].message is None
    with pytest.raises(hrnet.ArgumentError):
        hrnet.Finder(detector=False).find(photo)
