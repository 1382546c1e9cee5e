"""rtmlib's ``draw_skeleton``, and the bones of the numbers of keypoints that it knows."""

from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np
import numpy.typing as npt

from . import _core
from ._images import read

Link = Tuple[int, int]


class _Bones(NamedTuple):
    names: List[str]
    links: List[Link]


def _pairs(text: str) -> List[str]:
    """Names of a left and a right keypoint for each word."""
    return [f"{side}_{word}" for word in text.split() for side in ("left", "right")]


_COCO_NAMES = ["nose"] + _pairs("eye ear shoulder elbow wrist hip knee ankle")
_COCO_LINKS = [(15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8), (7, 9), (8, 10)]
_COCO_LINKS += [(1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6)]

_OPENPOSE_NAMES = ["nose", "neck"]
_OPENPOSE_NAMES += [f"{side}_{word}" for side in ("right", "left") for word in ("shoulder", "elbow", "wrist")]
_OPENPOSE_NAMES += [f"{side}_{word}" for side in ("right", "left") for word in ("hip", "knee", "ankle")]
_OPENPOSE_NAMES += ["right_eye", "left_eye", "right_ear", "left_ear"]
_OPENPOSE_LINKS = [(1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13)]
_OPENPOSE_LINKS += [(1, 0), (0, 14), (14, 16), (0, 15), (15, 17)]


def _whole(names: List[str], links: List[Link], left_ankle: int, right_ankle: int) -> _Bones:
    """A body, then what COCO-WholeBody adds: 6 points of the feet, 68 of the face, 21 of each hand."""
    n = len(names)
    feet = [f"{side}_{word}" for side in ("left", "right") for word in ("big_toe", "small_toe", "heel")]
    face = [f"face_{i}" for i in range(68)]
    hands = [f"{side}_hand_{i}" for side in ("left", "right") for i in range(21)]
    more = [(left_ankle, n + i) for i in range(3)] + [(right_ankle, n + 3 + i) for i in range(3)]
    for root in (n + 74, n + 95):
        for finger in range(5):  # four joints each
            first = root + 1 + 4 * finger
            more += [(root, first), (first, first + 1), (first + 1, first + 2), (first + 2, first + 3)]
    return _Bones(names + feet + face + hands, links + more)


# By what they are and the number of keypoints.
_BONES: Dict[Tuple[bool, int], _Bones] = {
    (False, 17): _Bones(_COCO_NAMES, _COCO_LINKS),
    (False, 133): _whole(_COCO_NAMES, _COCO_LINKS, 15, 16),
    (True, 18): _Bones(_OPENPOSE_NAMES, _OPENPOSE_LINKS),
    (True, 134): _whole(_OPENPOSE_NAMES, _OPENPOSE_LINKS, 13, 10),
}


def draw_skeleton(
    img: npt.NDArray[np.uint8],
    keypoints: "npt.ArrayLike",
    scores: "npt.ArrayLike",
    openpose_skeleton: bool = False,
    kpt_thr: float = 0.5,
    radius: int = 2,
    line_width: float = 2,
) -> npt.NDArray[np.uint8]:
    """Draw poses as rtmlib's ``draw_skeleton`` is called; the colours are those of :func:`hrnet.draw`.

    ``img``: ``uint8`` [height][width][3] in OpenCV's order (BGR), which stays as it is. ``keypoints`` [n][k][2] in
    pixels and ``scores`` [n][k]: of k = 17 or 133 keypoints, 18 or 134 with ``openpose_skeleton``. ``kpt_thr``: lower ones
    are hidden, with their bones. ``line_width``: in pixels; ``radius`` is not used. Returns a drawn copy in the same
    order.
    """
    points, values = np.asarray(keypoints, np.float32), np.asarray(scores, np.float32)
    if points.ndim == 2:
        points, values = points[None], values[None]
    if len(points) == 0:
        return np.array(img, np.uint8)
    if points.ndim != 3 or points.shape[2] != 2 or values.shape != points.shape[:2]:
        raise ValueError(f"keypoints, scores: expected [n][k][2] and [n][k], found {points.shape} and {values.shape}")
    bones = _BONES.get((bool(openpose_skeleton), points.shape[1]))
    if bones is None:
        expected = "18 or 134 keypoints of OpenPose" if openpose_skeleton else "17 or 133 keypoints"
        raise ValueError(f"keypoints: expected {expected}, found {points.shape[1]}")
    poses: Any = np.ascontiguousarray(np.concatenate([points, values[:, :, None]], axis=2))
    drawn = _core.draw_poses(
        read(img, True),
        [name.encode() for name in bones.names],
        np.array(bones.links, np.intc),
        len(bones.links),
        poses,
        len(poses),
        kpt_thr,
        line_width,
    )
    bgr: npt.NDArray[np.uint8] = np.ascontiguousarray(np.asarray(drawn)[:, :, ::-1])
    return bgr
