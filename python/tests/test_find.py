"""People in pictures: the command's numbers, from every kind of picture, without copies."""

import json
import pathlib
from typing import Any

import numpy as np
import pytest

import hrnet
from hrnet import _core, _images


def test_results_are_the_commands(photo: str, figure: str, command: Any) -> None:
    for path in (photo, figure):
        people = hrnet.find(path)
        assert people.to_json().encode() == command("pose", "-q", path)
        for name in ("jsonl", "csv", "coco", "openpose", "openpose-18", "openpose-raw"):
            assert hrnet.results_text([people], name).encode() == command("pose", "-q", "-F", name, path)


def test_options_are_the_commands(photo: str, figure: str, command: Any) -> None:
    people = hrnet.find(figure, threshold=0.38, nms_iou=0.4, flip_test=True, detector_size=320)
    arguments = ["--det-threshold", "0.38", "--det-nms", "0.4", "--det-size", "320", "--flip", figure]
    assert people.to_json().encode() == command("pose", "-q", *arguments)
    boxes = hrnet.Finder(model=False).find(figure)
    assert boxes.to_json().encode() == command("detect", "-q", figure)
    assert len(boxes) == 3 and boxes.keypoints.shape == (3, 0, 3)


def test_given_boxes_are_the_commands(photo: str, command: Any, finder: hrnet.Finder) -> None:
    people = finder.pose(photo, [[270, 40, 220, 340], [0, 0, 100, 200]])
    assert people.to_json().encode() == command("pose", "-q", "-B", "270,40,220,340;0,0,100,200", photo)
    whole = finder.pose(photo)
    assert whole.to_json().encode() == command("pose", "-q", "--whole", photo)


def test_persons(figure: str, finder: hrnet.Finder) -> None:
    people = finder.find(figure)
    assert (people.width, people.height, people.name) == (900, 400, figure)
    assert len(people) == 3 and people[-1].score == people[2].score
    assert [one.score for one in people] == sorted((one.score for one in people), reverse=True)
    first = people[0]
    assert first.box.shape == (4,) and first.keypoints.shape == (17, 3) and first.box.dtype == np.float32
    assert first.track == 0 and first.message is None
    visible = first.keypoints[first.keypoints[:, 2] > 0.2, 2]
    assert first.score == pytest.approx(float(visible.mean()) * first.box_score, rel=1e-6)
    with pytest.raises(IndexError):
        people[3]


def test_views_share_the_peoples_memory(figure: str, finder: hrnet.Finder) -> None:
    people = finder.find(figure)
    first = people[0]
    for view, whole in ((first.box, people.boxes), (first.keypoints, people.keypoints)):
        assert np.shares_memory(view, whole) and not view.flags.owndata
    first.keypoints[3] = (1, 2, 0.5)
    assert json.loads(people.to_json())["images"][0]["persons"][0]["keypoints"][3]["x"] == 1
    box = first.box
    kept = box.copy()
    del people, first
    assert (box == kept).all()  # the array keeps the memory


def test_every_kind_of_picture(photo: str, finder: hrnet.Finder) -> None:
    pil = pytest.importorskip("PIL.Image")
    expected = finder.find(photo).keypoints
    rgb = hrnet.load_image(photo)
    assert rgb.shape == (425, 640, 3) and rgb.dtype == np.uint8
    rgba = np.dstack([rgb, np.full(rgb.shape[:2], 7, np.uint8)])
    padded = np.zeros((425, 700, 3), np.uint8)
    padded[:, 10:650] = rgb
    data = pathlib.Path(photo).read_bytes()
    pictures = [
        (pathlib.Path(photo), False),
        (data, False),
        (bytearray(data), False),
        (memoryview(data), False),
        (pil.open(photo), False),
        (rgb, False),
        (np.ascontiguousarray(rgb[:, :, ::-1]), True),
        (rgb[:, :, ::-1], True),
        (rgba, False),
        (rgba[:, :, [2, 1, 0, 3]], True),
        (padded[:, 10:650], False),
        (np.ascontiguousarray(rgb[::-1])[::-1], False),
        (np.ascontiguousarray(rgb.transpose(2, 0, 1)).transpose(1, 2, 0), False),
    ]
    for picture, bgr in pictures:
        assert (finder.find(picture, bgr=bgr).keypoints == expected).all(), type(picture)
    grey = rgb[:, :, 1].copy()
    of_grey = finder.find(np.dstack([grey] * 3)).keypoints
    for picture in (grey, grey[:, :, None], pil.fromarray(grey), np.asfortranarray(grey)):
        assert (finder.find(picture).keypoints == of_grey).all()


def test_pictures_are_not_copied(photo: str) -> None:
    rgb = hrnet.load_image(photo)
    for array in (rgb, rgb[10:, 5:], rgb[::-1], rgb[:, :, 0].copy(), np.dstack([rgb, rgb[:, :, :1]])):
        assert _core.image_address(_images.read(array)) == array.ctypes.data
    turned = rgb[:, :, ::-1]  # the other order of the same bytes
    array, kind = _images.read(turned, bgr=True)
    assert _core.image_address((array, kind)) == rgb.ctypes.data and kind == _images.RGB
    readonly = rgb.copy()
    readonly.flags.writeable = False
    assert _core.image_address(_images.read(readonly)) == readonly.ctypes.data


def test_tensors_are_not_copied(photo: str) -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(hrnet.load_image(photo).copy())
    assert _core.image_address(_images.read(tensor)) == tensor.data_ptr()
    assert (hrnet.find(tensor).keypoints == hrnet.find(photo).keypoints).all()


def test_anything_with_dlpack(photo: str) -> None:
    class Tensor:
        def __init__(self, array: Any) -> None:
            self.array = array

        def __dlpack__(self, **options: Any) -> Any:
            return self.array.__dlpack__()

        def __dlpack_device__(self) -> Any:
            return (1, 0)

    rgb = hrnet.load_image(photo).copy()
    assert _core.image_address(_images.read(Tensor(rgb))) == rgb.ctypes.data

    class Elsewhere(Tensor):
        def __dlpack_device__(self) -> Any:
            return (2, 0)

    with pytest.raises(ValueError, match="memory of the CPU"):
        hrnet.find(Elsewhere(rgb))


def test_several_pictures(photo: str, figure: str, finder: hrnet.Finder) -> None:
    both = finder.find([photo, hrnet.load_image(figure)])
    assert [len(one) for one in both] == [1, 3]
    assert both[0].name == photo and both[1].name == "picture"
    assert (both[1].keypoints == finder.find(figure).keypoints).all()
    assert finder.find([]) == []


def test_nobody(finder: hrnet.Finder) -> None:
    people = finder.find(np.zeros((100, 120, 3), np.uint8))
    assert len(people) == 0 and people.keypoints.shape == (0, 17, 3) and people.boxes.shape == (0, 4)
    assert json.loads(people.to_json())["images"][0]["persons"] == [] and people.to_coco() == []


def test_damaged_pictures_warn(golden: pathlib.Path) -> None:
    with pytest.warns(hrnet.ImageWarning, match="cut short"):
        hrnet.load_image(golden / "images" / "cut.jpg")


def test_orientation(golden: pathlib.Path) -> None:
    path = golden / "images" / "exif6.jpg"
    assert hrnet.load_image(path).shape[:2] == hrnet.load_image(path, ignore_orientation=True).shape[1::-1]


def test_images_of_modules(golden: pathlib.Path) -> None:
    try:
        image = hrnet.load_image(golden / "images" / "raw.tif")
    except hrnet.UnsupportedError as error:
        pytest.skip(str(error))
    assert image.ndim == 3


def test_saving(photo: str, tmp_path: pathlib.Path) -> None:
    rgb = hrnet.load_image(photo)
    hrnet.save_image(rgb[:, :, ::-1], tmp_path / "a.png", bgr=True)
    assert (hrnet.load_image(tmp_path / "a.png") == rgb).all()
    with pytest.raises(hrnet.Error):
        hrnet.save_image(rgb, tmp_path / "missing" / "a.png")


def test_what_is_no_picture(finder: hrnet.Finder, tmp_path: pathlib.Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_text("no picture")
    for picture, error, words in (
        ("missing.jpg", hrnet.FileError, "missing.jpg: cannot open"),
        ("missing.jpg", OSError, "No such file"),
        (broken, hrnet.FormatError, "broken.jpg"),
        (b"no picture", ValueError, "bytes"),
        (np.zeros((4, 4, 3)), TypeError, "expected uint8, 0..255, found float64"),
        (np.zeros((3, 40, 50), np.uint8), ValueError, r"channels come last: transpose\(1, 2, 0\)"),
        (np.zeros((40, 50, 2), np.uint8), ValueError, r"found \(40, 50, 2\)"),
        (7, TypeError, "uint8"),
    ):
        with pytest.raises(error, match=words):
            finder.find(picture)


def test_files_say_themselves_what_they_are(finder: hrnet.Finder, photo: str) -> None:
    with pytest.raises(ValueError, match="bgr=True goes with arrays"):
        finder.find(photo, bgr=True)
