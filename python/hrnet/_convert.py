"""People in other programs' formats, by the library's own writers."""

import importlib
import inspect
import json
from typing import TYPE_CHECKING, Any, Dict, List, Sequence

import numpy as np

from . import _core

if TYPE_CHECKING:
    from ._people import People

FORMATS = ("json", "jsonl", "csv", "coco", "openpose", "openpose-18", "mot", "openpose-raw", "trc")


def results_text(
    people: "Sequence[People]", format: str = "json", *, threshold: float = 0.2, track: int = 0
) -> str:
    """The people of several pictures as one document, the bytes that ``hrnet pose --format FORMAT`` writes: ``"json"``,
    ``"jsonl"``, ``"csv"``, ``"coco"``, ``"openpose"``, ``"openpose-18"``, ``"openpose-raw"`` (these three of one picture),
    ``"mot"``, ``"trc"``.

    ``threshold``: keypoints with a lower score are 0, 0, 0 in OpenPose's formats and empty in ``"trc"``. ``track``: whose
    keypoints ``"trc"`` has; 0: of the track that is seen in most pictures.
    """
    from ._models import choose

    if len(people) == 0:
        raise ValueError("people: expected those of a picture or more")
    source = people[0]._source
    model = None if source.model is None else source.model._handle
    detector = None if source.detector is None else source.detector._handle
    options: Dict[str, object] = {"boxes": source.model is None, "threshold": threshold, "track": track}
    handles = [one._handle for one in people]
    parts = _core.results_text(handles, choose("format", format, FORMATS), options, model, detector, source.used)
    return b"".join(parts).decode()


def to_coco(people: "People", image_id: "int | None") -> List[Dict[str, Any]]:
    if image_id is not None:
        info = _core.people_info(people._handle)
        _core.people_set(people._handle, image_id, info["frame"], info["seconds"])
    results: List[Dict[str, Any]] = json.loads(results_text([people], "coco"))
    return results


def to_openpose(people: "People", kind: str) -> Dict[str, Any]:
    formats = {"BODY_25": "openpose", "BODY_18": "openpose-18", "RAW": "openpose-raw"}
    if kind not in formats:
        raise ValueError(f"kind: expected BODY_25, BODY_18 or RAW, found {kind!r}")
    document: Dict[str, Any] = json.loads(results_text([people], formats[kind]))
    return document


def to_pandas(people: "People") -> Any:
    pandas: Any = importlib.import_module("pandas")
    n, n_keypoints = people.keypoints.shape[:2]
    rows = np.repeat(np.arange(n), n_keypoints)
    columns: Dict[str, Any] = {"person": rows, "track": people.tracks[rows], "person_score": people.scores[rows]}
    for i, name in enumerate(("box_x", "box_y", "box_w", "box_h")):
        columns[name] = people.boxes[rows, i]
    columns["box_score"] = people.box_scores[rows]
    columns["keypoint"] = people.keypoint_names * n
    for i, name in enumerate(("x", "y", "score")):
        columns[name] = people.keypoints[:, :, i].reshape(-1)
    return pandas.DataFrame(columns)


def to_supervision(people: "People") -> Any:
    supervision: Any = importlib.import_module("supervision")
    scores = np.ascontiguousarray(people.keypoints[:, :, 2])
    names = inspect.signature(supervision.KeyPoints).parameters  # supervision 0.29 renamed one
    return supervision.KeyPoints(
        xy=np.ascontiguousarray(people.keypoints[:, :, :2]),
        class_id=np.zeros(len(people), dtype=int),
        **{"keypoint_confidence" if "keypoint_confidence" in names else "confidence": scores},
    )
