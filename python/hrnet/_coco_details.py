"""``COCOeval.evalImgs`` and ``ious``: what was matched in each picture, in pycocotools' form."""

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .cocoeval import COCO, Params

Annotation = Dict[str, Any]
#: By id of the image and of the category; -1 with ``useCats`` 0
Key = Tuple[Any, Any]


def _cells(coco: "COCO", p: "Params", is_truth: bool) -> Dict[Key, List[Annotation]]:
    """The annotations of each image and category. Results are sorted, best score first."""
    wanted = {one: k for k, one in enumerate(p.catIds)}
    cells: Dict[Key, List[Annotation]] = {}
    for image in p.imgIds:
        found = [one for one in coco.imgToAnns.get(image, []) if one["category_id"] in wanted]
        if not p.useCats:
            found.sort(key=lambda one: wanted[one["category_id"]])
        for one in found:
            cells.setdefault((image, one["category_id"] if p.useCats else -1), []).append(one)
    if not is_truth:
        for key, found in cells.items():
            order = np.argsort([-one["score"] for one in found], kind="mergesort")
            cells[key] = [found[i] for i in order[: p.maxDets[-1]]]
    return cells


def _overlap(result: Annotation, truth: Annotation) -> float:
    a, b = result["bbox"], truth["bbox"]
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common, own = width * height, a[2] * a[3]
    return float(common / (own if truth.get("iscrowd") else own + b[2] * b[3] - common))


def _oks(result: Annotation, truth: Annotation, variances: npt.NDArray[np.float64]) -> float:
    a, b = np.reshape(result["keypoints"], (-1, 3)), np.reshape(truth["keypoints"], (-1, 3))
    labelled = b[:, 2] > 0
    if labelled.any():
        away = a[:, :2] - b[:, :2]
    else:  # how far outside of the box, enlarged by its size on every side
        x, y, w, h = truth["bbox"]
        least, most = np.array([x - w, y - h]), np.array([x + 2 * w, y + 2 * h])
        away = np.maximum(0, least - a[:, :2]) + np.maximum(0, a[:, :2] - most)
        labelled = np.ones(len(b), bool)
    terms = (away[:, 0] ** 2 + away[:, 1] ** 2) / variances / (truth["area"] + np.spacing(1)) / 2
    return float(np.exp(-terms[labelled]).sum() / labelled.sum())


def similarities(truth: "COCO", results: "COCO", p: "Params") -> Dict[Key, Any]:
    """:attr:`COCOeval.ious`."""
    truths, found = _cells(truth, p, True), _cells(results, p, False)
    variances = (p.kpt_oks_sigmas * 2) ** 2
    ious: Dict[Key, Any] = {}
    for image in p.imgIds:
        for category in p.catIds if p.useCats else [-1]:
            key = (image, category)
            rows, columns = found.get(key, []), truths.get(key, [])
            if not rows or not columns:
                ious[key] = []
            elif p.iouType == "bbox":
                ious[key] = np.array([[_overlap(one, other) for other in columns] for one in rows])
            else:
                ious[key] = np.array([[_oks(one, other, variances) for other in columns] for one in rows])
    return ious


def _is_outside(one: Annotation, area: Any) -> bool:
    return bool(one["area"] < area[0] or one["area"] > area[1])


def _is_ignored(one: Annotation, p: "Params", area: Any) -> bool:
    is_unlabelled = p.iouType == "keypoints" and one["num_keypoints"] == 0
    return bool(one.get("iscrowd")) or is_unlabelled or _is_outside(one, area)


def _match(
    ious: Any, crowds: List[bool], ignored: npt.NDArray[np.int64], n_results: int, threshold: float
) -> List[int]:
    """The column that each result takes, -1: none. Those that are ignored come last."""
    taken = [False] * len(ignored)
    matches = []
    for row in range(n_results if len(ious) else 0):
        best, match = min(threshold, 1 - 1e-10), -1
        for column in range(len(ignored)):
            if taken[column] and not crowds[column]:
                continue
            if match >= 0 and not ignored[match] and ignored[column]:
                break
            if ious[row][column] >= best:
                best, match = ious[row][column], column
        if match >= 0:
            taken[match] = True
        matches.append(match)
    return matches + [-1] * (n_results - len(matches))


def _evaluate(
    key: Key, truths: List[Annotation], results: List[Annotation], ious: Any, area: Any, p: "Params"
) -> Dict[str, Any]:
    flags = np.array([_is_ignored(one, p, area) for one in truths], np.int64)
    order = np.argsort(flags, kind="mergesort")
    truths, flags = [truths[i] for i in order], flags[order]
    crowds = [bool(one.get("iscrowd")) for one in truths]
    sorted_ious = ious[:, order] if len(ious) else ious
    shape = len(p.iouThrs), len(results)
    found, taken = np.zeros(shape), np.zeros((len(p.iouThrs), len(truths)))
    ignored = np.zeros(shape)
    for t, threshold in enumerate(p.iouThrs):
        for row, column in enumerate(_match(sorted_ious, crowds, flags, len(results), threshold)):
            if column >= 0:
                ignored[t, row] = flags[column]
                found[t, row] = truths[column]["id"]
                taken[t, column] = results[row]["id"]
    outside = np.array([_is_outside(one, area) for one in results], bool)
    return {
        "image_id": key[0],
        "category_id": key[1],
        "aRng": area,
        "maxDet": p.maxDets[-1],
        "dtIds": [one["id"] for one in results],
        "gtIds": [one["id"] for one in truths],
        "dtMatches": found,
        "gtMatches": taken,
        "dtScores": [one["score"] for one in results],
        "gtIgnore": flags,
        "dtIgnore": np.logical_or(ignored, np.logical_and(found == 0, outside)),
    }


def evaluate_images(truth: "COCO", results: "COCO", p: "Params", ious: Dict[Key, Any]) -> List[Optional[Dict[str, Any]]]:
    """:attr:`COCOeval.evalImgs`."""
    truths, found = _cells(truth, p, True), _cells(results, p, False)
    out: List[Optional[Dict[str, Any]]] = []
    for category in p.catIds if p.useCats else [-1]:
        for area in p.areaRng:
            for image in p.imgIds:
                key = (image, category)
                one, other = truths.get(key, []), found.get(key, [])
                out.append(_evaluate(key, one, other, ious[key], area, p) if one or other else None)
    return out
