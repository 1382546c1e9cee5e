"""Scores of poses, boxes and tracks."""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _core
from ._images import encode
from ._models import Path, choose

#: A results file, or its content: ``[{"image_id": .., "category_id": .., "score": .., "keypoints" or "bbox": [..]}]``
Results = Union[Path, Sequence[Mapping[str, Any]]]

BENCHMARKS = ("auto", "mot15", "mot17", "mot20")


def _arrays(results: Sequence[Mapping[str, Any]], key: str) -> "Tuple[Any, ...]":
    n = len(results)
    width = len(results[0][key]) if n else 4
    values = np.zeros((n, width), np.float64)
    for i, one in enumerate(results):
        if len(one[key]) != width:
            raise ValueError(f"result {i}: {key}: expected {width} numbers, found {len(one[key])}")
        values[i] = one[key]
    images = np.array([one["image_id"] for one in results], np.int64)
    categories = np.array([one["category_id"] for one in results], np.int64)
    scores = np.array([one["score"] for one in results], np.float64)
    areas: Optional[npt.NDArray[np.float64]] = None
    if key == "keypoints" and n and "bbox" in results[0]:  # as pycocotools' loadRes has it
        areas = np.array([one["bbox"][2] * one["bbox"][3] for one in results], np.float64)
    return n, images, categories, scores, values, areas, width // 3 if key == "keypoints" else 0


def _results(results: Results, key: str) -> Any:
    if isinstance(results, Sequence) and not isinstance(results, (str, bytes)):
        return _arrays(results, key)
    return encode(results)


def score_coco(
    annotations: Path,
    results: Results,
    *,
    kind: str = "keypoints",
    sigmas: "npt.ArrayLike | None" = None,
    max_detections: int = 0,
) -> Dict[str, Any]:
    """Score poses (``kind="keypoints"``) or boxes (``kind="bbox"``) as pycocotools' COCOeval does.

    ``annotations``: a COCO file. ``results``: a file, or its content as a list. Returns ``numbers`` (``"AP"``,
    ``"Ap .5"``, ...: 0..1, -1 where there is nothing to score), ``precision`` and ``recall`` [areas][thresholds], and
    what was counted: ``n_images``, ``n_persons`` or ``n_boxes``, ``n_results``, ...
    """
    if choose("kind", kind, ("keypoints", "bbox")) == 1:
        if sigmas is not None or max_detections:
            raise ValueError("sigmas and max_detections go with keypoints")
        return _core.score_boxes(encode(annotations), _results(results, "bbox"))
    array = None if sigmas is None else np.ascontiguousarray(sigmas, dtype=np.float64)
    return _core.score_coco(encode(annotations), _results(results, "keypoints"), array, max_detections)


def score_mot(
    sequences: Union[Tuple[Path, Path], List[Tuple[Path, Path]]], *, benchmark: str = "auto"
) -> Dict[str, Any]:
    """Score tracks as TrackEval does: ``(truth, results)``, two files of MOTChallenge, or a list of such pairs, which are
    scored together.

    Returns ``numbers`` (``"HOTA"``, ``"MOTA"``, ``"IDF1"``, ...), ``curves`` of HOTA at 19 thresholds of IoU, and counts.
    ``benchmark``: whose rules say what classes mean, ``"auto"``, ``"mot15"``, ``"mot17"``, ``"mot20"``.
    """
    pairs = [sequences] if isinstance(sequences, tuple) else sequences
    return _core.score_mot(
        [(encode(truth), encode(results)) for truth, results in pairs], choose("benchmark", benchmark, BENCHMARKS)
    )


def score_mpii(truth: Path, poses: Path) -> Dict[str, Any]:
    """PCKh of poses (``.npy`` [n][16][2 or more] in pixels from 0, or ``pred.mat``) by MPII's ``gt_*.mat``: ``numbers``
    and ``joints`` in percent."""
    return _core.score_mpii(encode(truth), encode(poses))
