"""What a score needs of COCO's annotations and results, as arrays: read by the library, or taken from dictionaries."""

import itertools
import json
import os
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _core
from ._images import encode

Annotation = Dict[str, Any]
Doubles = npt.NDArray[np.float64]


class Columns(NamedTuple):
    """Annotations or results, n of them, in their order."""

    #: [n], ids of images and of categories
    images: npt.NDArray[Any]
    categories: npt.NDArray[Any]
    #: [n]; zeros for annotations
    scores: Doubles
    #: [n], px^2
    areas: Doubles
    #: [n][4], x, y, width, height in px
    boxes: Doubles
    #: [n][3 keypoints]; None: there are none
    keypoints: Optional[Doubles]
    #: [n], 1: a crowd
    crowds: npt.NDArray[np.uint8]
    #: [n], "num_keypoints"; zeros without keypoints
    labelled: npt.NDArray[np.int64]
    #: [n], 1: the id is 0
    nameless: npt.NDArray[np.uint8]

    def take(self, rows: npt.NDArray[Any]) -> "Columns":
        """These rows alone."""
        parts: Any = (None if one is None else one[rows] for one in self)
        return Columns(*parts)


def _doubles(data: bytes, width: int = 0) -> Doubles:
    values = np.frombuffer(data, np.float64)
    return values.reshape(-1, width) if width else values


# ------------------------------------------------------------------------------------------------ files


class File:
    """A file that may be read again by the library for as long as it is the one whose bytes these are."""

    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        self.path = encode(path)
        with open(path, "rb") as file:
            self.state = self._state(os.fstat(file.fileno()))
            self.data = file.read()

    @staticmethod
    def _state(of: os.stat_result) -> Tuple[int, ...]:
        return of.st_dev, of.st_ino, of.st_size, of.st_mtime_ns

    def is_same(self) -> bool:
        """Whether the path still leads to these bytes."""
        try:
            return os.path.isfile(self.path) and self._state(os.stat(self.path)) == self.state
        except OSError:
            return False

    def parse(self) -> Any:
        """The content, as json has it."""
        return json.loads(self.data)


def read_categories(file: File) -> Optional[List[Dict[str, Any]]]:
    """The list "categories" of an annotations file, without the rest of it. None: only the whole file can tell."""
    key = b'"categories"'
    at = file.data.find(key)
    if at < 0 or file.data.find(key, at + 1) >= 0:
        return None
    try:
        text = file.data[at + len(key) :].decode().lstrip()
        value, _ = json.JSONDecoder().raw_decode(text[1:].lstrip())
    except ValueError:
        return None
    is_list = text[:1] == ":" and isinstance(value, list) and all(isinstance(one, dict) for one in value)
    return value if is_list else None


def read_annotations(file: File, poses: bool) -> Optional[Tuple[npt.NDArray[np.int64], Columns]]:
    """Ids of the images in the file's order, and the annotations. None: the library would change some."""
    found = _core.coco_annotations(file.path, not poses) if file.is_same() else None
    if found is None:
        return None
    image_ids, n, n_keypoints, ids, images, categories, areas, boxes, keypoints, crowds, labelled = found
    return np.frombuffer(image_ids, np.int64), Columns(
        images=np.frombuffer(images, np.int64),
        categories=np.frombuffer(categories, np.int64),
        scores=np.zeros(n),
        areas=_doubles(areas),
        boxes=_doubles(boxes, 4),
        keypoints=_doubles(keypoints, 3 * n_keypoints) if n_keypoints else None,
        crowds=np.frombuffer(crowds, np.uint8),
        labelled=np.frombuffer(labelled, np.int64),
        nameless=(np.frombuffer(ids, np.int64) == 0).astype(np.uint8),
    )


def read_results(file: File) -> Optional[Columns]:
    """Results. None: the library would leave some out, or cannot read them."""
    start = file.data[:4096]
    boxes_alone = b'"keypoints"' not in start[: start.find(b"}")]
    found = _core.coco_results(file.path, boxes_alone) if file.is_same() else None
    if found is None:
        return None
    n, n_keypoints, images, categories, scores, areas, boxes, keypoints = found
    poses = None if keypoints is None else _doubles(keypoints, 3 * n_keypoints)
    of_poses = None if poses is None or boxes is not None else extents(poses)
    return Columns(
        images=np.frombuffer(images, np.int64),
        categories=np.frombuffer(categories, np.int64),
        scores=_doubles(scores),
        areas=_doubles(areas) if of_poses is None else of_poses[:, 2] * of_poses[:, 3],
        boxes=_doubles(boxes, 4) if of_poses is None else of_poses,
        keypoints=poses,
        crowds=np.zeros(n, np.uint8),
        labelled=np.zeros(n, np.int64),
        nameless=np.zeros(n, np.uint8),
    )


def extents(keypoints: Doubles) -> Doubles:
    """The rectangles around all keypoints, [n][4] of [n][3 keypoints], as pycocotools' loadRes has them."""
    x, y = keypoints[:, 0::3], keypoints[:, 1::3]
    left, top = x.min(axis=1), y.min(axis=1)
    return np.column_stack([left, top, x.max(axis=1) - left, y.max(axis=1) - top])


# ------------------------------------------------------------------------------------------------ dictionaries


def _table(annotations: Sequence[Annotation], key: str, width: int) -> Doubles:
    rows = [one[key] for one in annotations]
    for one in rows:
        if len(one) != width:
            raise ValueError(f"{key}: expected {width} numbers in each, found {len(one)}")
    return np.fromiter(itertools.chain.from_iterable(rows), np.float64, len(rows) * width).reshape(
        len(rows), width
    )


def columns_of(annotations: Sequence[Annotation], poses: bool, is_truth: bool) -> Columns:
    """The same of dictionaries."""
    n = len(annotations)
    width = len(annotations[0]["keypoints"]) if poses and n else 0
    return Columns(
        images=np.array([one["image_id"] for one in annotations]),
        categories=np.array([one["category_id"] for one in annotations]),
        scores=np.zeros(n) if is_truth else np.array([one["score"] for one in annotations], np.float64),
        areas=np.array([one["area"] for one in annotations], np.float64),
        boxes=_table(annotations, "bbox", 4) if is_truth or not poses else np.zeros((n, 4)),
        keypoints=_table(annotations, "keypoints", width) if poses else None,
        crowds=np.array([bool(one.get("iscrowd")) for one in annotations], np.uint8),
        labelled=np.array([one["num_keypoints"] if poses and is_truth else 0 for one in annotations], np.int64),
        nameless=np.array([is_truth and one["id"] == 0 for one in annotations], np.uint8),
    )
