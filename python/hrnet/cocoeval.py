"""pycocotools' ``COCO`` and ``COCOeval`` for keypoints and boxes, with the same attributes and the same numbers.

>>> from hrnet.cocoeval import COCO, COCOeval
>>> truth = COCO("person_keypoints_val2017.json")
>>> score = COCOeval(truth, truth.loadRes("results.json"), "keypoints")
>>> score.evaluate(); score.accumulate(); score.summarize()

Masks (``iouType="segm"``), captions and downloads are not part of it, and nothing is printed but the summary.
``evalImgs`` and ``ious``, which hold what was matched in each picture, are not kept.
"""

import copy
import datetime
import json
from collections import defaultdict
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _core

Annotation = Dict[str, Any]

_SIGMAS = (0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89)


def _list(value: Any) -> List[Any]:
    return list(value) if isinstance(value, (list, tuple, set, np.ndarray)) else [value]


class COCO:
    """A COCO annotations file, or results for one (:meth:`loadRes`), with pycocotools' indices: ``dataset``, ``anns``,
    ``imgs``, ``cats``, ``imgToAnns``, ``catToImgs``."""

    def __init__(self, annotation_file: Optional[str] = None) -> None:
        self.dataset: Dict[str, Any] = {}
        self.createIndex()
        if annotation_file is not None:
            with open(annotation_file, encoding="utf-8") as file:
                dataset = json.load(file)
            if not isinstance(dataset, dict):
                raise ValueError(f"{annotation_file}: expected an object, found {type(dataset).__name__}")
            self.dataset = dataset
            self.createIndex()

    def createIndex(self) -> None:
        """Fill the indices from ``dataset``."""
        self.anns: Dict[Any, Annotation] = {}
        self.imgs: Dict[Any, Dict[str, Any]] = {}
        self.cats: Dict[Any, Dict[str, Any]] = {}
        self.imgToAnns: Dict[Any, List[Annotation]] = defaultdict(list)
        self.catToImgs: Dict[Any, List[Any]] = defaultdict(list)
        for one in self.dataset.get("annotations", []):
            self.imgToAnns[one["image_id"]].append(one)
            self.anns[one["id"]] = one
        for one in self.dataset.get("images", []):
            self.imgs[one["id"]] = one
        for one in self.dataset.get("categories", []):
            self.cats[one["id"]] = one
        if "categories" in self.dataset:
            for one in self.dataset.get("annotations", []):
                self.catToImgs[one["category_id"]].append(one["image_id"])

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
            for one in self.dataset.get("categories", [])
            if (not names or one["name"] in names)
            and (not supers or one["supercategory"] in supers)
            and (not ids or one["id"] in ids)
        ]

    def getImgIds(self, imgIds: Any = [], catIds: Any = []) -> List[Any]:
        """Ids of the pictures among ``imgIds`` that have annotations of all of ``catIds``."""
        images, categories = _list(imgIds), _list(catIds)
        if not images and not categories:
            return list(self.imgs.keys())
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

    def loadRes(self, resFile: Union[str, List[Annotation]]) -> "COCO":
        """Results, a file or its content, as a :class:`COCO` of the same pictures: each gets an ``id``, an ``area`` and a
        ``bbox``."""
        results: Any = resFile
        if isinstance(resFile, str):
            with open(resFile, encoding="utf-8") as file:
                results = json.load(file)
        if not isinstance(results, list):
            raise ValueError(f"results: expected a list, found {type(results).__name__}")
        other = {one["image_id"] for one in results} - set(self.imgs)
        if other:
            raise ValueError(f"results: image {min(other)} is none of the annotations'")
        out = COCO()
        out.dataset["images"] = list(self.dataset["images"])
        if results:
            out.dataset["categories"] = copy.deepcopy(self.dataset["categories"])
        if results and results[0].get("bbox"):
            _complete_boxes(results)
        elif results and "keypoints" in results[0]:
            _complete_poses(results)
        elif results:
            raise ValueError("results: expected bbox or keypoints; masks and captions are not scored")
        out.dataset["annotations"] = results
        out.createIndex()
        return out


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


class COCOeval:
    """The score of results (``cocoDt``) by annotations (``cocoGt``). ``params`` may be changed before :meth:`evaluate`;
    afterwards ``eval`` has ``precision`` [T][R][K][A][M], ``recall`` [T][K][A][M] and ``scores``, and ``stats`` the
    published numbers."""

    def __init__(
        self, cocoGt: Optional[COCO] = None, cocoDt: Optional[COCO] = None, iouType: str = "keypoints"
    ) -> None:
        self.cocoGt = cocoGt
        self.cocoDt = cocoDt
        self.params = Params(iouType)
        self.eval: Dict[str, Any] = {}
        self.stats: npt.NDArray[np.float64] = np.zeros(0)
        self._items: Optional[Tuple[Tuple[Any, ...], Tuple[Any, ...]]] = None
        if cocoGt is not None:
            self.params.imgIds = sorted(cocoGt.getImgIds())
            self.params.catIds = sorted(cocoGt.getCatIds())

    def evaluate(self) -> None:
        """Take what ``params`` names from annotations and results."""
        if self.cocoGt is None or self.cocoDt is None:
            raise ValueError("COCOeval: expected annotations and results")
        p = self.params
        p.imgIds = list(np.unique(p.imgIds))
        if p.useCats:
            p.catIds = list(np.unique(p.catIds))
        p.maxDets = sorted(p.maxDets)
        truths, results = self._chosen(self.cocoGt), self._chosen(self.cocoDt)
        for _, _, one in truths:
            one["ignore"] = bool(one.get("iscrowd"))
            if p.iouType == "keypoints":
                one["ignore"] = one["num_keypoints"] == 0 or one["ignore"]
        flags = [
            bool(one.get("iscrowd")) | bool(one["ignore"]) << 1 | (one["id"] == 0) << 2 for _, _, one in truths
        ]
        self._items = (self._arrays(truths, flags), self._arrays(results, [0] * len(results)))

    def _chosen(self, coco: COCO) -> List[Tuple[int, int, Annotation]]:
        """Index of category and of image of each annotation that counts, in the order that decides ties."""
        p = self.params
        categories = {one: k for k, one in enumerate(p.catIds)} if len(p.catIds) else None
        chosen = []
        for i, image in enumerate(p.imgIds):
            if image not in coco.imgToAnns:
                continue
            for one in coco.imgToAnns[image]:
                k = categories.get(one["category_id"], -1) if categories is not None and p.useCats else 0
                if k >= 0:
                    chosen.append((k, i, one))
        if not p.useCats and categories is not None:  # category by category in each image
            chosen = [row for row in chosen if row[2]["category_id"] in categories]
            order = categories
            chosen.sort(key=lambda row: (row[1], order[row[2]["category_id"]]))
        return chosen

    def _arrays(self, chosen: List[Tuple[int, int, Annotation]], flags: List[int]) -> Tuple[Any, ...]:
        n = len(chosen)
        poses = self.params.iouType == "keypoints"
        width = 3 * len(self.params.kpt_oks_sigmas)
        keypoints = np.array([one["keypoints"] for _, _, one in chosen], np.float64) if poses and n else None
        if poses and keypoints is None:
            keypoints = np.zeros((0, width))
        if keypoints is not None and keypoints.shape != (n, width):
            raise ValueError(f"keypoints: expected {width} numbers in each, found {keypoints.shape[1:]}")
        boxes = np.array([one["bbox"] for _, _, one in chosen], np.float64).reshape(n, 4)
        return (
            n,
            np.array([k for k, _, _ in chosen], np.int64),
            np.array([i for _, i, _ in chosen], np.int64),
            np.array([one.get("score", 0.0) for _, _, one in chosen], np.float64),
            np.array([one["area"] for _, _, one in chosen], np.float64),
            boxes,
            keypoints,
            np.array(flags, np.uint8),
        )

    def accumulate(self, p: Optional[Params] = None) -> None:
        """Match and compute ``eval``."""
        if self._items is None:
            raise ValueError("COCOeval: evaluate() comes first")
        p = self.params if p is None else p
        n_categories = len(p.catIds) if p.useCats else 1
        shape = (len(p.iouThrs), len(p.recThrs), n_categories, len(p.areaRng), len(p.maxDets))
        precision, scores = np.empty(shape), np.empty(shape)
        recall = np.empty((shape[0], *shape[2:]))
        _core.coco_accumulate(
            np.ascontiguousarray(p.iouThrs, dtype=np.float64),
            np.ascontiguousarray(p.recThrs, dtype=np.float64),
            np.ascontiguousarray(p.areaRng, dtype=np.float64),
            np.ascontiguousarray(p.maxDets, dtype=np.int32),
            np.ascontiguousarray(p.kpt_oks_sigmas, dtype=np.float64) if p.iouType == "keypoints" else None,
            n_categories,
            self._items[0],
            self._items[1],
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
