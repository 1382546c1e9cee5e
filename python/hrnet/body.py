"""rtmlib's call convention, for programs that come from there: ``keypoints, scores = model(picture)``."""

from typing import Any, Dict, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from ._models import Model, Path, choose
from ._people import Floats
from ._sessions import Finder

MODES = ("performance", "lightweight", "balanced")

# OpenPose's first 18 keypoints by COCO's; 17 is the neck.
_OPENPOSE = [0, 17, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]


def check_arguments(mode: str, device: str) -> None:
    """Refuse what rtmlib does not know, and devices that are none here."""
    choose("mode", mode, MODES)
    if device != "cpu":
        raise ValueError(f"device: expected 'cpu', which is all there is, found {device!r}")


class Body:
    """A detector and a pose network that are called as rtmlib's ``Body`` is.

    >>> body = hrnet.Body()
    >>> keypoints, scores = body(cv2.imread("photo.jpg"))

    ``pose``, ``det``: weights files, or a loaded :class:`hrnet.Model`; ``None``: what ships. ``pose_input_size`` (width, height), ``det_input_size``: in
    pixels, ``None``: those of the weights. ``to_openpose``: 18 keypoints in OpenPose's order, with a neck between the
    shoulders. Arguments of rtmlib that choose a runtime or networks to download (``backend``, ``device``, ``mode``) are
    accepted: everything runs on the CPU, with the weights that are named. ``options``: those of :class:`hrnet.Finder`.
    """

    def __init__(
        self,
        det: Optional[Path] = None,
        det_input_size: Any = None,
        pose: Union[None, Path, Model] = None,
        pose_input_size: Any = None,
        mode: str = "balanced",
        to_openpose: bool = False,
        backend: str = "hrnet",
        device: str = "cpu",
        **options: Any,
    ) -> None:
        check_arguments(mode, device)
        if det_input_size is not None:
            options["detector_size"] = int(max(det_input_size))
        model = self._model(pose, pose_input_size)
        if to_openpose and model.n_keypoints not in (17, 133):
            raise ValueError(f"to_openpose: expected a network of 17 or 133 keypoints, found {model.n_keypoints}")
        self.finder = Finder(model, det, **options)
        self.to_openpose = to_openpose

    @staticmethod
    def _model(pose: Union[None, Path, Model], size: Any) -> Model:
        if isinstance(pose, Model):
            return pose
        overrides: Dict[str, object] = {}
        if size is not None:
            width, height = (int(one) for one in size)
            overrides = {"MODEL.IMAGE_SIZE": [width, height], "MODEL.HEATMAP_SIZE": [width // 4, height // 4]}
        return Model(pose, overrides=overrides)

    def __call__(self, image: Any) -> Tuple[Floats, Floats]:
        """Find everybody in a picture in OpenCV's order (BGR).

        Returns keypoints, ``float32`` [n][keypoints][2], x, y in pixels, and scores, ``float32`` [n][keypoints]. Nobody
        found is n = 0: the whole picture is not taken for a person.
        """
        people = self.finder.find(image, bgr=isinstance(image, np.ndarray))
        return self.arrays(people.keypoints)

    def arrays(self, keypoints: Floats) -> Tuple[Floats, Floats]:
        """Keypoints [n][keypoints][3] as :meth:`__call__` returns them."""
        points: Floats = np.array(keypoints[:, :, :2])
        scores: Floats = np.array(keypoints[:, :, 2])
        return coco_to_openpose(points, scores) if self.to_openpose else (points, scores)


class Wholebody(Body):
    """The same with a network of COCO-WholeBody's 133 keypoints: body, feet, face and hands.

    >>> wholebody = hrnet.Wholebody(pose="hrnet_w48_coco_wholebody_384x288_dark.pth")
    >>> keypoints, scores = wholebody(cv2.imread("photo.jpg"))

    ``pose`` is required: weights of mmpose for COCO-WholeBody, since none ship with hrnet. The other arguments are those
    of :class:`hrnet.Body`; with ``to_openpose`` there are 134 keypoints.
    """

    @staticmethod
    def _model(pose: Union[None, Path, Model], size: Any) -> Model:
        if pose is None:
            raise ValueError(
                "Wholebody: pose: expected a weights file of 133 keypoints (HRNet trained on COCO-WholeBody by mmpose), "
                "found none; the network that ships has 17: see hrnet.Body"
            )
        model = Body._model(pose, size)
        if model.n_keypoints != 133:
            raise ValueError(f"Wholebody: {pose}: expected 133 keypoints, found {model.n_keypoints}")
        return model


def coco_to_openpose(
    keypoints: npt.NDArray[np.float32], scores: npt.NDArray[np.float32]
) -> Tuple[Floats, Floats]:
    """COCO's 17 keypoints [n][17][2] and scores [n][17] as OpenPose's 18, COCO-WholeBody's 133 as 134. The neck is the
    middle of the shoulders, with the lower one of their scores, as in rtmlib."""
    neck = keypoints[:, [5, 6]].mean(axis=1, keepdims=True)
    neck_score = scores[:, [5, 6]].min(axis=1, keepdims=True)
    order = _OPENPOSE + list(range(18, keypoints.shape[1] + 1))
    all_points = np.concatenate([keypoints[:, :17], neck, keypoints[:, 17:]], axis=1)[:, order]
    all_scores = np.concatenate([scores[:, :17], neck_score, scores[:, 17:]], axis=1)[:, order]
    return all_points.astype(np.float32), all_scores.astype(np.float32)
