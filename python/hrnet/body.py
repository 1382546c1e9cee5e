"""rtmlib's call convention, for programs that come from there: ``keypoints, scores = model(picture)``."""

from typing import Any, Optional, Tuple

import numpy as np
import numpy.typing as npt

from ._models import Path
from ._people import Floats
from ._sessions import Finder


class Body:
    """A detector and a pose network that are called as rtmlib's ``Body`` is.

    >>> body = hrnet.Body()
    >>> keypoints, scores = body(cv2.imread("photo.jpg"))

    ``pose``, ``det``: weights files; ``None``: what ships. ``to_openpose``: 18 keypoints in OpenPose's order, with a
    neck between the shoulders. Arguments of rtmlib that choose a runtime (``backend``, ``device``, ``mode``) are
    accepted: everything runs on the CPU.
    """

    def __init__(
        self,
        det: Optional[Path] = None,
        det_input_size: Any = None,
        pose: Optional[Path] = None,
        pose_input_size: Any = None,
        mode: str = "balanced",
        to_openpose: bool = False,
        backend: str = "hrnet",
        device: str = "cpu",
        **options: Any,
    ) -> None:
        if device != "cpu":
            raise ValueError(f"device: expected 'cpu', which is all there is, found {device!r}")
        if det_input_size is not None:
            options["detector_size"] = int(max(det_input_size))
        self.finder = Finder(pose, det, **options)
        self.to_openpose = to_openpose

    def __call__(self, image: Any) -> Tuple[Floats, Floats]:
        """Find everybody in a picture in OpenCV's order (BGR).

        Returns keypoints, ``float32`` [n][keypoints][2], x, y in pixels, and scores, ``float32`` [n][keypoints]. Nobody
        found is n = 0: the whole picture is not taken for a person.
        """
        people = self.finder.find(image, bgr=isinstance(image, np.ndarray))
        keypoints: Floats = np.array(people.keypoints[:, :, :2])
        scores: Floats = np.array(people.keypoints[:, :, 2])
        return coco_to_openpose(keypoints, scores) if self.to_openpose else (keypoints, scores)


# OpenPose's 18 keypoints by COCO's; 17 is the neck.
_OPENPOSE = [0, 17, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]


def coco_to_openpose(
    keypoints: npt.NDArray[np.float32], scores: npt.NDArray[np.float32]
) -> Tuple[Floats, Floats]:
    """COCO's 17 keypoints [n][17][2] and scores [n][17] as OpenPose's 18. The neck is the middle of the shoulders, with
    a score of 1 if both have more than 0.3, else 0, as in rtmlib."""
    neck = keypoints[:, [5, 6]].mean(axis=1, keepdims=True)
    neck_score = (scores[:, [5, 6]] > 0.3).all(axis=1, keepdims=True).astype(np.float32)
    all_points = np.concatenate([keypoints, neck], axis=1)[:, _OPENPOSE]
    all_scores = np.concatenate([scores, neck_score], axis=1)[:, _OPENPOSE]
    return all_points.astype(np.float32), all_scores
