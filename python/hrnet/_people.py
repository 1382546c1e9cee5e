"""Everybody in a picture."""

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union, overload

import numpy as np
import numpy.typing as npt

from . import _core

if TYPE_CHECKING:
    from ._models import Detector, Model

Floats = npt.NDArray[np.float32]


class Source(NamedTuple):
    """What found people, for their results."""

    model: "Optional[Model]"
    detector: "Optional[Detector]"
    #: thresholds and size of the detector that were used in place of its own
    used: Dict[str, object]


class Person:
    """A person of a picture. Arrays are views of memory that the picture's people own: what is written there is
    written to the person."""

    __slots__ = ("_people", "_index")

    def __init__(self, people: "People", index: int) -> None:
        self._people = people
        self._index = index

    @property
    def box(self) -> Floats:
        """``float32`` [4]: x, y of the top left corner, width and height, in pixels of the picture."""
        box: Floats = self._people.boxes[self._index]
        return box

    @property
    def score(self) -> float:
        """How good the pose is: the mean of its keypoint scores above 0.2, times ``box_score``."""
        return float(self._people.scores[self._index])

    @property
    def box_score(self) -> float:
        """The detector's score, 0..1; 1 for a box that came without one."""
        return float(self._people.box_scores[self._index])

    @property
    def keypoints(self) -> Floats:
        """``float32`` [keypoints][3]: x, y in pixels of the picture, and the score, which is no probability."""
        keypoints: Floats = self._people.keypoints[self._index]
        return keypoints

    @property
    def track(self) -> int:
        """The number of the person's track, from 1; 0: none, as in single pictures."""
        return int(self._people.tracks[self._index])

    @property
    def message(self) -> Optional[str]:
        """Why the person could not be looked at; ``None``: all is well."""
        return _core.people_messages(self._people._handle)[self._index]

    def __repr__(self) -> str:
        x, y, w, h = self.box
        track = f", track={self.track}" if self.track else ""
        return f"Person(box=({x:.1f}, {y:.1f}, {w:.1f}, {h:.1f}), score={self.score:.3f}{track})"


class People(Sequence[Person]):
    """The persons of a picture, best first. Arrays have one row for each of them."""

    def __init__(self, handle: _core.Handle, source: Source) -> None:
        self._handle = handle
        self._source = source
        self._info: Dict[str, Any] = _core.people_info(handle)
        height, width = 0, 0
        if source.model is not None:
            height, width = source.model._info["heatmap_height"], source.model._info["heatmap_width"]
        boxes, scores, box_scores, tracks, statuses, keypoints, heatmaps = _core.people_views(handle, height, width)
        self.boxes: Floats = np.asarray(boxes)
        """``float32`` [n][4]: x, y, width, height in pixels."""
        self.scores: Floats = np.asarray(scores)
        """``float32`` [n]: see :attr:`Person.score`."""
        self.box_scores: Floats = np.asarray(box_scores)
        """``float32`` [n]: the detector's."""
        self.tracks: npt.NDArray[np.uint32] = np.asarray(tracks)
        """``uint32`` [n]: numbers of tracks, 0 for none."""
        self.keypoints: Floats = np.asarray(keypoints)
        """``float32`` [n][keypoints][3]: x, y in pixels, and score."""
        self.heatmaps: Optional[Floats] = None if heatmaps is None else np.asarray(heatmaps)
        """``float32`` [n][keypoints][height][width] in cells, if they were asked for."""
        self._statuses: npt.NDArray[np.int32] = np.asarray(statuses)

    @property
    def name(self) -> str:
        """The path of the picture, or ``"picture"``."""
        return str(self._info["name"])

    @property
    def width(self) -> int:
        """Of the picture, in pixels."""
        return int(self._info["width"])

    @property
    def height(self) -> int:
        """Of the picture, in pixels."""
        return int(self._info["height"])

    @property
    def info(self) -> Dict[str, Any]:
        """What was left out, and where the picture is in its video: ``n_suppressed``, ``n_not_finite``,
        ``n_over_limit``, ``is_cut``, ``frame``, ``seconds``, ``message``."""
        return _core.people_info(self._handle)

    @property
    def keypoint_names(self) -> List[str]:
        """What the keypoints are called."""
        return [] if self._source.model is None else self._source.model.skeleton.keypoint_names

    def __len__(self) -> int:
        return len(self.scores)

    @overload
    def __getitem__(self, index: int) -> Person: ...

    @overload
    def __getitem__(self, index: slice) -> List[Person]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Person, List[Person]]:
        if isinstance(index, slice):
            return [Person(self, i) for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} persons")
        return Person(self, index % len(self))

    def __iter__(self) -> Iterator[Person]:
        return (Person(self, i) for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<hrnet.People {self.name!r}: {list(self)!r}>"

    # ------------------------------------------------------------------------------------------------ conversions

    def to_json(self) -> str:
        """The text of ``hrnet pose PICTURE``."""
        from ._convert import results_text

        return results_text([self], "json")

    def to_coco(self, image_id: Union[int, None] = None) -> List[Dict[str, Any]]:
        """COCO's results, ``[{"image_id": ..., "category_id": ..., "keypoints": [x, y, score, ...], "score": ...}]``, as
        ``json.load`` gives them of a file of ``hrnet pose --format coco``. ``image_id`` ``None``: by the name."""
        from ._convert import to_coco

        return to_coco(self, image_id)

    def to_openpose(self, kind: str = "BODY_25") -> Dict[str, Any]:
        """OpenPose's JSON, ``{"version": ..., "people": [{"pose_keypoints_2d": [x, y, score, ...]}]}``, in ``"BODY_25"``,
        ``"BODY_18"``, or ``"RAW"``: the network's own keypoints."""
        from ._convert import to_openpose

        return to_openpose(self, kind)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each keypoint: person, track, box, scores, keypoint, x, y, score. Needs
        pandas."""
        from ._convert import to_pandas

        return to_pandas(self)

    def to_supervision(self) -> Any:
        """``supervision.KeyPoints``. Needs supervision."""
        from ._convert import to_supervision

        return to_supervision(self)


def arrays_of_boxes(boxes: Any, scores: Any, width: int, height: int) -> Tuple[Floats, Floats]:
    """Boxes [n][4] and their scores [n]; ``None``: the whole picture."""
    if boxes is None:
        boxes = [(0, 0, width, height)]
    rows = np.ascontiguousarray(boxes, dtype=np.float32)
    if rows.ndim == 1 and rows.size == 4:
        rows = rows.reshape(1, 4)
    if rows.size == 0:
        rows = rows.reshape(0, 4)
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise ValueError(f"boxes: expected [n][4], x, y, width, height in pixels, found {rows.shape}")
    row_scores = np.ones(len(rows), np.float32) if scores is None else np.ascontiguousarray(scores, dtype=np.float32)
    if row_scores.shape != (len(rows),):
        raise ValueError(f"scores: expected [{len(rows)}], found {row_scores.shape}")
    return rows, row_scores
