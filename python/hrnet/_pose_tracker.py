"""rtmlib's ``PoseTracker``: pictures of a video one by one, with the detector on some of them alone."""

from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np

from ._people import Floats, People
from ._tracks import Tracker
from .body import Body

# As in rtmlib: the rectangle around a person's keypoints is made larger by this factor for the next picture.
_EXPANSION = 1.25

# Keypoints from this score on say where a person is.
_JOINT = 0.2

# Frames a second that are assumed: the pictures come without a time.
_RATE = 30


def _boxes_of(people: People) -> Tuple[Floats, Floats]:
    """Where to look for the people of a picture in the next one: boxes [n][4] and their scores [n]. Who has fewer than
    two keypoints to go by is lost."""
    boxes: List[List[float]] = []
    scores: List[float] = []
    for pose, score in zip(people.keypoints, people.box_scores):
        sure = pose[pose[:, 2] >= _JOINT, :2]
        if len(sure) < 2:
            continue
        least, most = sure.min(axis=0), sure.max(axis=0)
        centre, size = (least + most) / 2, (most - least) * _EXPANSION
        if (size > 0).all():
            boxes.append([*(centre - size / 2), *size])
            scores.append(float(score))
    return np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32)


class PoseTracker:
    """People of a video, picture by picture, as rtmlib's ``PoseTracker`` is called. Videos of files are better read by
    :func:`hrnet.video`, which knows their times.

    >>> tracker = hrnet.PoseTracker(hrnet.Body, det_frequency=10)
    >>> keypoints, scores = tracker(frame)

    ``solution``: :class:`hrnet.Body`, or ``functools.partial(hrnet.Wholebody, pose=...)``. ``det_frequency``: the detector
    looks at every so many-th picture; between them people are looked for where they were. ``tracking``: persons keep
    their numbers, ``track_ids_last_frame``, and come in the order of these; a person whose box overlaps the last one by
    an IoU of ``tracking_thr`` is the same.
    """

    def __init__(
        self,
        solution: Callable[..., Body],
        det_frequency: int = 1,
        tracking: bool = True,
        tracking_thr: float = 0.3,
        mode: Optional[str] = None,
        to_openpose: bool = False,
        backend: str = "hrnet",
        device: str = "cpu",
    ) -> None:
        if det_frequency < 1:
            raise ValueError(f"det_frequency: expected 1 or more, found {det_frequency}")
        options: Dict[str, Any] = {} if mode is None else {"mode": mode}
        self.model = solution(to_openpose=to_openpose, backend=backend, device=device, **options)
        self.det_frequency = det_frequency
        self.tracking = tracking
        self.tracking_thr = tracking_thr
        self.reset()

    def reset(self) -> None:
        """Begin another video; numbers begin at 1 again."""
        self.frame_cnt = 0
        self.track_ids_last_frame: List[int] = []
        """Numbers of the persons of the last picture, 0: none yet."""
        self._tracker = Tracker("iou", match=self.tracking_thr)
        self._next: Tuple[Floats, Floats] = np.zeros((0, 4), np.float32), np.zeros(0, np.float32)

    def __call__(self, image: Any) -> Tuple[Floats, Floats]:
        """The next picture, in OpenCV's order (BGR). Returns what :meth:`hrnet.Body.__call__` does."""
        bgr = isinstance(image, np.ndarray)
        if self.frame_cnt % self.det_frequency == 0:
            people = self.model.finder.find(image, bgr=bgr)
        else:
            people = self.model.finder.pose(image, *self._next, bgr=bgr)
        if self.det_frequency > 1:
            self._next = _boxes_of(people)
        keypoints = people.keypoints
        if self.tracking:
            tracks = self._tracker.update(people, self.frame_cnt / _RATE).tracks
            order = np.argsort(np.where(tracks > 0, tracks, np.iinfo(np.uint32).max), kind="stable")
            keypoints = keypoints[order]
            self.track_ids_last_frame = [int(one) for one in tracks[order]]
        self.frame_cnt += 1
        return self.model.arrays(keypoints)
