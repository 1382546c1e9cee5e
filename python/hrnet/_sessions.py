"""Networks at work: finders of people, and sessions of single networks."""

import threading
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Union, overload

import numpy as np
import numpy.typing as npt

from . import _core
from ._images import Image, as_array, encode, name_of, read, read_all
from ._models import DECODERS, SAMPLERS, Detector, Model, Path, Pool, choose
from ._people import Floats, People, Source, arrays_of_boxes


def _model(model: Union[None, Path, Model]) -> Model:
    return model if isinstance(model, Model) else Model(model)


def _detector(detector: Union[None, Path, Detector]) -> Detector:
    return detector if isinstance(detector, Detector) else Detector(detector)


def _pool(pool: Optional[Pool]) -> Optional[_core.Handle]:
    return None if pool is None else pool._handle


class Finder:
    """From pictures to people: a detector and a pose network on one pool of threads.

    ``model``, ``detector``: as loaded, a path, or ``None`` for those that ship; ``detector=False``: none, then only
    :meth:`pose` can be called; ``model=False``: boxes alone. ``threshold`` and ``nms_iou``: of the detector, ``None``:
    its own. ``oks_threshold``: of two poses that are alike by more the worse one is dropped. ``heatmaps``: people have
    them. Numbers are the same for any ``threads`` and ``max_batch``.

    Several threads may call one finder; they take turns.
    """

    def __init__(
        self,
        model: Union[None, bool, Path, Model] = None,
        detector: Union[None, bool, Path, Detector] = None,
        *,
        threads: int = 0,
        pool: Optional[Pool] = None,
        max_batch: int = 0,
        detector_size: int = 0,
        threshold: Optional[float] = None,
        nms_iou: Optional[float] = None,
        max_persons: int = 0,
        oks_threshold: float = 0.9,
        soft_oks: bool = False,
        flip_test: bool = False,
        no_shift: bool = False,
        decoder: str = "auto",
        sampler: str = "opencv",
        heatmaps: bool = False,
        memory_limit: int = 0,
    ) -> None:
        self.model = None if isinstance(model, bool) else _model(model)
        self.detector = None if isinstance(detector, bool) else _detector(detector)
        options: Dict[str, object] = {
            "threads": threads,
            "max_batch": max_batch,
            "detector_size": detector_size,
            "threshold": 0.0 if threshold is None else threshold if threshold > 0 else -1.0,
            "nms_iou": 0.0 if nms_iou is None else nms_iou,
            "max_persons": max_persons,
            "oks_threshold": oks_threshold,
            "soft_oks": soft_oks,
            "flip_test": flip_test,
            "no_shift": no_shift,
            "decoder": choose("decoder", decoder, DECODERS),
            "sampler": choose("sampler", sampler, SAMPLERS),
            "heatmaps": heatmaps,
            "memory_limit": memory_limit,
        }
        self._handle = _core.finder_create(
            None if self.detector is None else self.detector._handle,
            None if self.model is None else self.model._handle,
            _pool(pool),
            options,
        )
        used: Dict[str, object] = {}
        if threshold is not None:
            used["threshold"] = max(threshold, 0.0)
        if nms_iou is not None:
            used["nms_iou"] = nms_iou
        if detector_size:
            used["input_width"] = used["input_height"] = detector_size
        self._source = Source(self.model, self.detector, used)

    @overload
    def find(self, image: "List[Any]", *, bgr: bool = False, ignore_orientation: bool = False) -> List[People]: ...

    @overload
    def find(self, image: Image, *, bgr: bool = False, ignore_orientation: bool = False) -> People: ...

    def find(self, image: Any, *, bgr: bool = False, ignore_orientation: bool = False) -> Union[People, List[People]]:
        """Find everybody in a picture, or in each of a list of pictures, which are then looked at together.

        ``image``: see :data:`hrnet.Image`. ``bgr``: arrays of three or four channels are in OpenCV's order.
        """
        images = image if isinstance(image, list) else [image]
        pictures, names = read_all(images, bgr, ignore_orientation)
        handles = _core.finder_find(self._handle, pictures, names)
        people = [People(one, self._source) for one in handles]
        for one in people:
            if one._info["status"] != 0:
                raise _core.Error(str(one._info["message"]))
        return people if isinstance(image, list) else people[0]

    def pose(
        self,
        image: Image,
        boxes: "npt.ArrayLike | None" = None,
        scores: "npt.ArrayLike | None" = None,
        *,
        bgr: bool = False,
        ignore_orientation: bool = False,
    ) -> People:
        """The poses of people whose boxes are known: [n][4] x, y, width, height in pixels, ``None``: the whole picture is
        one person. Persons keep the order of the boxes. ``scores`` [n]: of the boxes, 1 by default."""
        if self.model is None:
            raise ValueError("the finder has no pose network")
        array, kind = read(image, bgr, ignore_orientation)
        height, width = array.shape[:2]
        rows, row_scores = arrays_of_boxes(boxes, scores, width, height)
        handle = _core.people_create(
            encode(name_of(image)), width, height, self.model.n_keypoints, rows, row_scores, len(rows)
        )
        _core.finder_pose(self._handle, (array, kind), handle)
        return People(handle, Source(self.model, None, {}))


class Session:
    """A pose network on tensors and crops. Several threads may call one session; they take turns."""

    def __init__(
        self,
        model: Union[None, Path, Model] = None,
        *,
        threads: int = 0,
        pool: Optional[Pool] = None,
        max_batch: int = 0,
        memory_limit: int = 0,
    ) -> None:
        self.model = _model(model)
        options: Dict[str, object] = {"threads": threads, "max_batch": max_batch, "memory_limit": memory_limit}
        self._handle = _core.session_create(self.model._handle, _pool(pool), options)

    @property
    def input_shape(self) -> "tuple[int, int, int]":
        """Channels, height and width in pixels of what :meth:`forward` takes."""
        (width, height), _, _ = _core.session_size(self._handle)
        return 3, height, width

    def reshape(self, width: int, height: int) -> None:
        """Work on inputs of another size from now on, in pixels."""
        _core.session_reshape(self._handle, width, height)

    def forward(self, input: Any, *, flip_test: bool = False, shift: bool = True, out: Optional[Floats] = None) -> Floats:
        """Run the bare network.

        ``input``: ``float32`` [n][3][height][width] (or one picture, [3][height][width]), normalised, in the network's
        order of channels: an array, a tensor of torch, anything with DLPack or the buffer protocol; C-contiguous ones
        are not copied. ``flip_test``: average with the mirrored pictures; ``shift``: moved by a cell, as published.
        ``out``: where to write. Returns ``float32`` [n][keypoints][height][width], heatmaps in cells.
        """
        array = as_array(input, "input")
        if array.ndim == 3:
            array = array[None]
        channels, height, width = self.input_shape
        if array.ndim != 4 or array.shape[1:] != (channels, height, width):
            raise ValueError(f"input: expected [n][3][{height}][{width}], found {array.shape}")
        array = np.ascontiguousarray(array, dtype=np.float32)
        _, _, outputs = _core.session_size(self._handle)
        _, maps, map_height, map_width = outputs[0]
        shape = (len(array), maps, map_height, map_width)
        result: Floats = np.empty(shape, np.float32) if out is None else out
        if result.shape != shape or result.dtype != np.float32:
            raise ValueError(f"out: expected float32 {shape}, found {result.dtype} {result.shape}")
        if flip_test:
            _core.session_forward_flip(self._handle, array, len(array), shift, result)
        else:
            _core.session_forward(self._handle, array, len(array), [result])
        return result

    def pose(
        self,
        image: Image,
        boxes: "npt.ArrayLike | None" = None,
        *,
        bgr: bool = False,
        flip_test: bool = False,
        no_shift: bool = False,
        decoder: str = "auto",
        sampler: str = "opencv",
    ) -> Floats:
        """Crop, run and decode: ``float32`` [n][keypoints][3], x, y in pixels of the picture and score, for boxes [n][4]
        (x, y, width, height; ``None``: the whole picture)."""
        return self._pose(image, boxes, bgr, flip_test, no_shift, decoder, sampler, None)

    def heatmaps(
        self,
        image: Image,
        boxes: "npt.ArrayLike | None" = None,
        *,
        bgr: bool = False,
        flip_test: bool = False,
        no_shift: bool = False,
        sampler: str = "opencv",
    ) -> Floats:
        """What the network says of the crops: ``float32`` [n][keypoints][height][width] in cells."""
        array, kind = read(image, bgr)
        rows, _ = arrays_of_boxes(boxes, None, array.shape[1], array.shape[0])
        _, (width, height), _ = _core.session_size(self._handle)
        maps: Floats = np.empty((len(rows), self.model.n_keypoints, height, width), np.float32)
        self._pose(array, rows, kind in (1, 3), flip_test, no_shift, "auto", sampler, maps)
        return maps

    def _pose(
        self,
        image: Image,
        boxes: "npt.ArrayLike | None",
        bgr: bool,
        flip_test: bool,
        no_shift: bool,
        decoder: str,
        sampler: str,
        maps: Optional[Floats],
    ) -> Floats:
        array, kind = read(image, bgr)
        rows, _ = arrays_of_boxes(boxes, None, array.shape[1], array.shape[0])
        keypoints: Floats = np.empty((len(rows), self.model.n_keypoints, 3), np.float32)
        options: Dict[str, object] = {
            "flip_test": flip_test,
            "no_shift": no_shift,
            "decoder": choose("decoder", decoder, DECODERS),
            "sampler": choose("sampler", sampler, SAMPLERS),
        }
        _core.session_pose(self._handle, (array, kind), rows, len(rows), options, keypoints, maps)
        return keypoints


class Object(NamedTuple):
    """What a detector found."""

    box: "tuple[float, float, float, float]"
    """X, y, width, height in pixels; may reach beyond the picture."""
    score: float
    """0..1."""
    category: int
    """Index of the class."""


class DetectorSession:
    """A detector on whole pictures. Several threads may call one session; they take turns.

    ``size``: the longest side of the network's input, a multiple of 32, 0: the detector's. ``square``: the published
    square input in place of a rectangle.
    """

    def __init__(
        self,
        detector: Union[None, Path, Detector] = None,
        *,
        threads: int = 0,
        pool: Optional[Pool] = None,
        size: int = 0,
        square: bool = False,
        max_batch: int = 0,
        memory_limit: int = 0,
    ) -> None:
        self.detector = _detector(detector)
        options: Dict[str, object] = {
            "threads": threads,
            "size": size,
            "square": square,
            "max_batch": max_batch,
            "memory_limit": memory_limit,
        }
        self._handle = _core.detector_session_create(self.detector._handle, _pool(pool), options)

    def detect(
        self,
        image: Image,
        *,
        bgr: bool = False,
        threshold: Optional[float] = None,
        nms_iou: Optional[float] = None,
        max_detections: int = 0,
        categories: Optional[Sequence[int]] = None,
        all_categories: bool = False,
    ) -> List[Object]:
        """Find people, or things of ``categories`` (indices of classes), in a picture, best first."""
        options: Dict[str, object] = {
            "threshold": 0.0 if threshold is None else threshold if threshold > 0 else -1.0,
            "nms_iou": 0.0 if nms_iou is None else nms_iou,
            "max_detections": max_detections,
            "all_categories": all_categories,
        }
        classes = None if categories is None else np.ascontiguousarray(categories, dtype=np.int32)
        (found,) = _core.detector_detect(self._handle, [read(image, bgr)], options, classes)
        return [Object(row[:4], row[4], row[5]) for row in found]


# ------------------------------------------------------------------------------------------------ the shortest way

_lock = threading.Lock()
_shared: Dict[str, Any] = {}


def _shared_one(key: str, make: Any) -> Any:
    with _lock:
        if key not in _shared:
            _shared[key] = make()
        return _shared[key]


def shared_finder() -> Finder:
    """The finder of :func:`find`: what ships, made when it is first asked for."""
    finder: Finder = _shared_one("finder", Finder)
    return finder


def find(image: Image, *, bgr: bool = False, ignore_orientation: bool = False, **options: Any) -> People:
    """Find everybody in a picture with the networks that ship.

    >>> for person in hrnet.find("photo.jpg"):
    ...     print(person.box, person.score, person.keypoints)

    ``options`` are those of :class:`Finder`; with any, a finder is made for this call: keep one for many pictures.
    """
    finder = Finder(**options) if options else shared_finder()
    people: People = finder.find(image, bgr=bgr, ignore_orientation=ignore_orientation)
    return people


def heatmaps(image: Image, boxes: "npt.ArrayLike | None" = None, *, bgr: bool = False) -> Floats:
    """Heatmaps of the network that ships for boxes [n][4] (x, y, width, height; ``None``: the whole picture): ``float32``
    [n][17][height][width] in cells. See :meth:`Session.heatmaps`."""
    session: Session = _shared_one("session", Session)
    return session.heatmaps(image, boxes, bgr=bgr)


def forward(input: Any, *, flip_test: bool = False) -> Floats:
    """The network that ships on a tensor, see :meth:`Session.forward`."""
    session: Session = _shared_one("session", Session)
    return session.forward(input, flip_test=flip_test)
