"""pycocotools' ``COCO`` and ``COCOeval`` for keypoints and boxes, with the same attributes and the same numbers.

>>> from hrnet.cocoeval import COCO, COCOeval
>>> truth = COCO("person_keypoints_val2017.json")
>>> score = COCOeval(truth, truth.loadRes("results.json"), "keypoints")
>>> score.evaluate(); score.accumulate(); score.summarize()

Masks (``iouType="segm"``), captions and downloads are not part of it, and nothing is printed but the summary. The library
reads files; their entries become dictionaries when ``dataset``, ``anns``, ``imgs``, ``imgToAnns`` or ``catToImgs`` is
first asked for. ``evalImgs`` and ``ious`` are computed when they are first asked for.
"""

import copy
import datetime
import os
from collections import defaultdict
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _core
from ._coco_columns import Annotation, Columns, File, columns_of, read_annotations, read_categories, read_results
from ._coco_details import evaluate_images, similarities

__all__ = ["COCO", "COCOeval", "Params"]

_SIGMAS = (0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89)

# What createIndex fills.
_INDICES = ("dataset", "anns", "imgs", "cats", "imgToAnns", "catToImgs")


def _list(value: Any) -> List[Any]:
    return list(value) if isinstance(value, (list, tuple, set, np.ndarray)) else [value]


class COCO:
    """A COCO annotations file, or results for one (:meth:`loadRes`), with pycocotools' indices: ``dataset``, ``anns``,
    ``imgs``, ``cats``, ``imgToAnns``, ``catToImgs``."""

    dataset: Dict[str, Any]
    anns: Dict[Any, Annotation]
    imgs: Dict[Any, Dict[str, Any]]
    cats: Dict[Any, Dict[str, Any]]
    imgToAnns: Dict[Any, List[Annotation]]
    catToImgs: Dict[Any, List[Any]]

    def __init__(self, annotation_file: "Union[None, str, os.PathLike[str]]" = None) -> None:
        self._file: Optional[File] = None  # whose entries are not dictionaries yet
        self._truth: Optional["COCO"] = None  # of results: the annotations
        self._read: Dict[bool, Columns] = {}  # of the file, with keypoints or without
        self._image_ids: npt.NDArray[Any] = np.zeros(0, np.int64)
        self._categories: List[Dict[str, Any]] = []
        if annotation_file is None:
            self.dataset = {}
            self.createIndex()
        else:
            self._open(File(annotation_file))

    def _open(self, file: File) -> None:
        self._file = file
        categories = read_categories(file)
        if categories:
            poses = all(bool(one.get("keypoints")) for one in categories)
            found = read_annotations(file, poses)
            if found is not None and all(isinstance(one.get("id"), int) for one in categories):
                self._categories = categories
                self._image_ids, self._read[poses] = found
                return
        self._fill()

    def __getattr__(self, name: str) -> Any:
        if name not in _INDICES or self.__dict__.get("_file") is None:
            raise AttributeError(f"COCO has no attribute {name!r}")
        self._fill()
        return self.__dict__[name]

    def _fill(self) -> None:
        """Make dictionaries of the file's entries."""
        file, self._file = self._file, None
        assert file is not None
        content = file.parse()
        if self._truth is not None:
            self._fill_results(self._truth, content)
            return
        if not isinstance(content, dict):
            path = os.fsdecode(file.path)
            raise ValueError(f"{path}: expected an object, found {type(content).__name__}")
        self.dataset = content
        self.createIndex()

    def createIndex(self) -> None:
        """Fill the indices from ``dataset``."""
        dataset = self.dataset
        self._file = None
        self._read = {}
        self.anns = {}
        self.imgs = {}
        self.cats = {}
        self.imgToAnns = defaultdict(list)
        self.catToImgs = defaultdict(list)
        for one in dataset.get("annotations", []):
            self.imgToAnns[one["image_id"]].append(one)
            self.anns[one["id"]] = one
        for one in dataset.get("images", []):
            self.imgs[one["id"]] = one
        for one in dataset.get("categories", []):
            self.cats[one["id"]] = one
        if "categories" in dataset:
            for one in dataset.get("annotations", []):
                self.catToImgs[one["category_id"]].append(one["image_id"])

    def _all_image_ids(self) -> List[Any]:
        if self._file is None:
            return list(self.imgs)
        ids: List[Any] = (self if self._truth is None else self._truth)._image_ids.tolist()
        return ids

    def _all_categories(self) -> List[Dict[str, Any]]:
        return list(self.dataset.get("categories", [])) if self._file is None else self._categories

    def _columns(self, poses: bool, p: "Params", is_truth: bool) -> Columns:
        """The annotations or results that ``p`` names, and maybe others."""
        if self._file is not None and is_truth != (self._truth is None):  # a file of the other kind
            self._fill()
        if self._file is not None and poses not in self._read:
            found = read_annotations(self._file, poses) if is_truth else None
            if found is None:
                self._fill()
            else:
                self._read[poses] = found[1]
        if self._file is not None:
            return self._read[poses]
        images, categories = set(p.imgIds), set(p.catIds)
        chosen = [
            one
            for one in self.dataset.get("annotations", [])
            if one["category_id"] in categories and one["image_id"] in images
        ]
        return columns_of(chosen, poses, is_truth)

    def info(self) -> None:
        """Print what the file says of itself."""
        for key, value in self.dataset.get("info", {}).items():
            print(f"{key}: {value}")

    def getAnnIds(
        self, imgIds: Any = [], catIds: Any = [], areaRng: Sequence[float] = [], iscrowd: Optional[bool] = None
    ) -> List[Any]:
        """Ids of the annotations of these pictures, categories, areas (px^2, without the bounds) and kind; an empty list
        is no condition."""
        images, categories = _list(imgIds), set(_list(catIds))
        found: Iterable[Annotation] = self.dataset.get("annotations", [])
        if images:
            found = [one for image in images if image in self.imgToAnns for one in self.imgToAnns[image]]
        if categories:
            found = [one for one in found if one["category_id"] in categories]
        if len(areaRng) == 2:
            found = [one for one in found if areaRng[0] < one["area"] < areaRng[1]]
        return [one["id"] for one in found if iscrowd is None or one["iscrowd"] == iscrowd]

    def getCatIds(self, catNms: Any = [], supNms: Any = [], catIds: Any = []) -> List[Any]:
        """Ids of the categories with these names, names of super-categories and ids."""
        names, supers, ids = _list(catNms), _list(supNms), _list(catIds)
        return [
            one["id"]
            for one in self._all_categories()
            if (not names or one["name"] in names)
            and (not supers or one["supercategory"] in supers)
            and (not ids or one["id"] in ids)
        ]

    def getImgIds(self, imgIds: Any = [], catIds: Any = []) -> List[Any]:
        """Ids of the pictures among ``imgIds`` that have annotations of all of ``catIds``."""
        images, categories = _list(imgIds), _list(catIds)
        if not images and not categories:
            return self._all_image_ids()
        ids = set(images)
        for i, category in enumerate(categories):
            of_it = set(self.catToImgs[category])
            ids = of_it if i == 0 and not ids else ids & of_it
        return list(ids)

    def loadAnns(self, ids: Any = []) -> List[Annotation]:
        """The annotations with these ids."""
        return [self.anns[one] for one in _list(ids)]

    def loadCats(self, ids: Any = []) -> List[Dict[str, Any]]:
        """The categories with these ids."""
        return [self.cats[one] for one in _list(ids)]

    def loadImgs(self, ids: Any = []) -> List[Dict[str, Any]]:
        """The pictures with these ids."""
        return [self.imgs[one] for one in _list(ids)]

    def loadRes(self, resFile: "Union[str, os.PathLike[str], List[Annotation], npt.NDArray[Any]]") -> "COCO":
        """Results, a file or its content, as a :class:`COCO` of the same pictures: each gets an ``id``, an ``area`` and a
        ``bbox``. An array is that of :meth:`loadNumpyAnnotations`."""
        out = COCO()
        out._truth = self
        if isinstance(resFile, np.ndarray):
            out._fill_results(self, self.loadNumpyAnnotations(resFile))
            return out
        if not isinstance(resFile, (str, os.PathLike)):
            out._fill_results(self, resFile)
            return out
        file = File(resFile)
        found = read_results(file)
        if found is None:
            out._fill_results(self, file.parse())
            return out
        self._check_images(found.images)
        for name in _INDICES:
            delattr(out, name)
        out._file = file
        out._categories = copy.deepcopy(self._all_categories())
        out._read = {False: found} if found.keypoints is None else {False: found, True: found}
        return out

    def loadNumpyAnnotations(self, data: npt.NDArray[Any]) -> List[Annotation]:
        """Boxes as dictionaries: rows of image id, x, y, width, height in px, score, category id."""
        if data.ndim != 2 or data.shape[1] != 7:
            raise ValueError(f"results: expected [n][7], found {list(data.shape)}")
        return [
            {
                "image_id": int(row[0]),
                "bbox": [row[1], row[2], row[3], row[4]],
                "score": row[5],
                "category_id": int(row[6]),
            }
            for row in data.tolist()
        ]

    def _check_images(self, ids: npt.NDArray[Any]) -> None:
        other = np.setdiff1d(ids, np.array(self._all_image_ids()))
        if len(other):
            raise ValueError(f"results: image {other[0]} is none of the annotations'")

    def _fill_results(self, truth: "COCO", results: Any) -> None:
        if not isinstance(results, list):
            raise ValueError(f"results: expected a list, found {type(results).__name__}")
        truth._check_images(np.array([one["image_id"] for one in results]))
        dataset: Dict[str, Any] = {"images": list(truth.dataset["images"])}
        if results:
            dataset["categories"] = copy.deepcopy(truth.dataset["categories"])
        if results and results[0].get("bbox"):
            _complete_boxes(results)
        elif results and "keypoints" in results[0]:
            _complete_poses(results)
        elif results:
            raise ValueError("results: expected bbox or keypoints; masks and captions are not scored")
        dataset["annotations"] = results
        self.dataset = dataset
        self.createIndex()


def _complete_boxes(results: List[Annotation]) -> None:
    for i, one in enumerate(results):
        x, y, w, h = one["bbox"]
        if "segmentation" not in one:
            one["segmentation"] = [[x, y, x, y + h, x + w, y + h, x + w, y]]
        one["area"] = w * h
        one["id"] = i + 1
        one["iscrowd"] = 0


def _complete_poses(results: List[Annotation]) -> None:
    for i, one in enumerate(results):
        xs, ys = one["keypoints"][0::3], one["keypoints"][1::3]
        left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
        one["area"] = (right - left) * (bottom - top)
        one["id"] = i + 1
        one["bbox"] = [left, top, right - left, bottom - top]


class Params:
    """What is scored: ``imgIds``, ``catIds``, ``iouThrs``, ``recThrs``, ``maxDets``, ``areaRng``, ``areaRngLbl``,
    ``useCats``, ``iouType``, ``kpt_oks_sigmas``. ``useCats`` 0 scores all categories as one, poses too, of which
    pycocotools then matches none."""

    def __init__(self, iouType: str = "keypoints") -> None:
        if iouType not in ("keypoints", "bbox"):
            raise ValueError(f"iouType: expected keypoints or bbox, found {iouType!r}")
        self.iouType = iouType
        self.imgIds: List[Any] = []
        self.catIds: List[Any] = []
        self.iouThrs: npt.NDArray[np.float64] = np.linspace(0.5, 0.95, 10)
        self.recThrs: npt.NDArray[np.float64] = np.linspace(0.0, 1.00, 101)
        self.useCats = 1
        self.kpt_oks_sigmas: npt.NDArray[np.float64] = np.array(_SIGMAS) / 10.0
        whole, medium, large = [0.0, 1e10], [1024.0, 9216.0], [9216.0, 1e10]
        if iouType == "keypoints":
            self.maxDets = [20]
            self.areaRng: List[List[float]] = [whole, medium, large]
            self.areaRngLbl = ["all", "medium", "large"]
        else:
            self.maxDets = [1, 10, 100]
            self.areaRng = [whole, [0.0, 1024.0], medium, large]
            self.areaRngLbl = ["all", "small", "medium", "large"]


def _places(ids: Sequence[Any], values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Where in ``ids`` each value is; -1: nowhere."""
    if len(ids) == 0 or len(values) == 0:
        return np.full(len(values), -1, np.int64)
    known = np.asarray(ids)
    order = np.argsort(known, kind="stable")
    at = np.searchsorted(known, values, sorter=order)
    places = order[np.minimum(at, len(known) - 1)]
    return np.where(known[places] == values, places, -1).astype(np.int64)


class COCOeval:
    """The score of results (``cocoDt``) by annotations (``cocoGt``). ``params`` may be changed before :meth:`evaluate`;
    afterwards ``eval`` has ``precision`` [T][R][K][A][M], ``recall`` [T][K][A][M] and ``scores``, and ``stats`` the
    published numbers. A score that is NaN is the lowest there is."""

    def __init__(
        self, cocoGt: Optional[COCO] = None, cocoDt: Optional[COCO] = None, iouType: str = "keypoints"
    ) -> None:
        self.cocoGt = cocoGt
        self.cocoDt = cocoDt
        self.params = Params(iouType)
        self.eval: Dict[str, Any] = {}
        self.stats: npt.NDArray[np.float64] = np.zeros(0)
        self._items: Optional[Tuple[Tuple[Any, ...], Tuple[Any, ...]]] = None
        self._evaluated = self.params
        self._details: Dict[str, Any] = {}
        if cocoGt is not None:
            self.params.imgIds = sorted(cocoGt.getImgIds())
            self.params.catIds = sorted(cocoGt.getCatIds())

    def _both(self) -> Tuple[COCO, COCO]:
        if self.cocoGt is None or self.cocoDt is None:
            raise ValueError("COCOeval: expected annotations and results")
        return self.cocoGt, self.cocoDt

    def evaluate(self) -> None:
        """Take what ``params`` names from annotations and results."""
        p = self.params
        p.imgIds = list(np.unique(p.imgIds))
        if p.useCats:
            p.catIds = list(np.unique(p.catIds))
        p.maxDets = sorted(p.maxDets)
        self._evaluated = copy.copy(p)
        self._details = {}
        self._items = self._select(p)

    def _select(self, p: Params) -> Tuple[Tuple[Any, ...], Tuple[Any, ...]]:
        truth, results = self._both()
        return self._arrays(p, truth, True), self._arrays(p, results, False)

    def _arrays(self, p: Params, coco: COCO, is_truth: bool) -> Tuple[Any, ...]:
        """What coco_accumulate takes of the annotations that count."""
        poses = p.iouType == "keypoints"
        columns = coco._columns(poses, p, is_truth)
        images, categories = _places(p.imgIds, columns.images), _places(p.catIds, columns.categories)
        counts = (images >= 0) & (categories >= 0)
        rows = None if counts.all() else np.flatnonzero(counts)
        if not p.useCats:  # category by category in each image
            rows = np.arange(len(counts)) if rows is None else rows
            rows = rows[np.lexsort((categories[rows], images[rows]))]
        if rows is not None:
            columns, images, categories = columns.take(rows), images[rows], categories[rows]
        n, width = len(images), 3 * len(p.kpt_oks_sigmas)
        keypoints = columns.keypoints if poses else None
        if poses and (keypoints is None or keypoints.shape[1] != width):
            if n:
                raise ValueError(
                    f"keypoints: expected {width} numbers in each, found {0 if keypoints is None else keypoints.shape[1]}"
                )
            keypoints = np.zeros((0, width))
        ignored = np.zeros(n, np.uint8)
        if is_truth:
            ignored = columns.crowds | (columns.labelled == 0) if poses else columns.crowds
        return (
            n,
            categories if p.useCats else np.zeros(n, np.int64),
            images,
            np.where(np.isnan(columns.scores), -np.inf, columns.scores),
            columns.areas,
            columns.boxes,
            keypoints,
            ((columns.crowds | ignored << 1 | columns.nameless << 2) if is_truth else ignored).astype(np.uint8),
        )

    @property
    def evalImgs(self) -> List[Optional[Dict[str, Any]]]:
        """What was matched, of each category, area and picture, in this order: ``image_id``, ``category_id``, ``aRng``,
        ``maxDet``, ``dtIds``, ``gtIds``, ``dtMatches`` and ``gtMatches`` (ids) [T][n], ``dtScores``, ``gtIgnore``,
        ``dtIgnore``; ``None`` where there is nothing. Made when first asked for."""
        if "evalImgs" not in self._details:
            self._details["evalImgs"] = evaluate_images(*self._both(), self._evaluated, self.ious)
        images: List[Optional[Dict[str, Any]]] = self._details["evalImgs"]
        return images

    @property
    def ious(self) -> Dict[Tuple[Any, Any], Any]:
        """IoU or OKS [results][annotations] by (image id, category id), best score first; an empty list where there is
        nothing. Made when first asked for."""
        if "ious" not in self._details:
            self._details["ious"] = similarities(*self._both(), self._evaluated)
        ious: Dict[Tuple[Any, Any], Any] = self._details["ious"]
        return ious

    def accumulate(self, p: Optional[Params] = None) -> None:
        """Match and compute ``eval``."""
        if self._items is None:
            raise ValueError("COCOeval: evaluate() comes first")
        items = self._items if p is None or p is self.params else self._select(p)
        p = self.params if p is None else p
        n_categories = len(p.catIds) if p.useCats else 1
        shape = (len(p.iouThrs), len(p.recThrs), n_categories, len(p.areaRng), len(p.maxDets))
        precision, scores = np.empty(shape), np.empty(shape)
        recall = np.empty((shape[0], *shape[2:]))
        _core.coco_accumulate(
            np.ascontiguousarray(p.iouThrs, dtype=np.float64),
            np.ascontiguousarray(p.recThrs, dtype=np.float64),
            np.ascontiguousarray(p.areaRng, dtype=np.float64),
            np.ascontiguousarray(p.maxDets, dtype=np.intc),
            np.ascontiguousarray(p.kpt_oks_sigmas, dtype=np.float64) if p.iouType == "keypoints" else None,
            n_categories,
            items[0],
            items[1],
            precision,
            recall,
            scores,
        )
        self.eval = {
            "params": p,
            "counts": list(shape),
            "date": datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S"),
            "precision": precision,
            "recall": recall,
            "scores": scores,
        }

    def _mean(self, is_precision: bool, threshold: Optional[float], area: str, limit: int) -> float:
        p = self.params
        a, m = p.areaRngLbl.index(area), p.maxDets.index(limit)
        values = self.eval["precision"][..., a, m] if is_precision else self.eval["recall"][..., a, m]
        if threshold is not None:
            values = values[np.where(threshold == p.iouThrs)[0]]
        values = values[values > -1]
        mean = float(np.mean(values)) if values.size else -1.0
        title, kind = ("Average Precision", "(AP)") if is_precision else ("Average Recall", "(AR)")
        span = f"{p.iouThrs[0]:0.2f}:{p.iouThrs[-1]:0.2f}" if threshold is None else f"{threshold:0.2f}"
        print(f" {title:<18} {kind} @[ IoU={span:<9} | area={area:>6s} | maxDets={limit:>3d} ] = {mean:0.3f}")
        return mean

    def summarize(self) -> None:
        """Fill ``stats``, the ten numbers of keypoints or the twelve of boxes, and print them."""
        if not self.eval:
            raise ValueError("COCOeval: accumulate() comes first")
        limits = self.params.maxDets
        most = limits[0] if self.params.iouType == "keypoints" else limits[2]
        precision = [(True, None, "all"), (True, 0.5, "all"), (True, 0.75, "all")]
        if self.params.iouType == "keypoints":
            rows = [(*row, most) for row in precision + [(True, None, "medium"), (True, None, "large")]]
            rows += [(False, *row[1:]) for row in rows]
        else:
            areas = ("small", "medium", "large")
            rows = [(*row, most) for row in precision + [(True, None, area) for area in areas]]
            rows += [(False, None, "all", limit) for limit in limits]
            rows += [(False, None, area, most) for area in areas]
        self.stats = np.array([self._mean(*row) for row in rows])

    def __str__(self) -> str:
        self.summarize()
        return ""
