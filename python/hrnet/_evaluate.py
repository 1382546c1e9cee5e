"""The published validation pass."""

from typing import Any, Callable, Dict, Mapping, Optional, Union

from . import _core
from ._images import encode
from ._models import DECODERS, SAMPLERS, Config, Detector, Model, OnMessage, Path, choose, path_or_none
from ._sessions import DetectorSession, Session

#: Called with the number of persons (or pictures, with a detector) that are done, and with all of them.
OnProgress = Callable[[int, int], object]


def files_of(files: Mapping[str, Optional[Path]]) -> Dict[str, object]:
    """Paths that replace those of the configuration."""
    return {key: path_or_none(path) for key, path in files.items()}


def evaluate(
    model: Union[None, Path, Model] = None,
    config: Union[None, Path, Config] = None,
    *,
    annotations: Optional[Path] = None,
    images: Optional[Path] = None,
    detections: Optional[Path] = None,
    truth: Optional[Path] = None,
    category: Optional[str] = None,
    detector: Union[None, bool, Path, Detector] = None,
    threads: int = 0,
    max_batch: int = 8,
    decoder: str = "auto",
    sampler: str = "opencv",
    workers: int = 0,
    skip_broken: bool = False,
    results: Optional[Path] = None,
    on_progress: Optional[OnProgress] = None,
    on_message: Optional[OnMessage] = None,
) -> Dict[str, Any]:
    """Find the pose of every person of a validation set, and score the poses: ``hrnet eval``.

    ``config``: names the set; ``None``: the model's. ``annotations``, ``images``, ``detections``, ``truth``: in place of
    the configuration's. ``detector``: finds the persons (``True``: the one that ships). ``results``: a file that gets
    COCO's results. Returns what :func:`score_coco` returns (of MPII ``numbers`` and ``joints``), and ``set``,
    ``n_skipped``, with a detector ``boxes``, else ``loss`` and ``accuracy``; without ground truth no numbers.
    """
    network = model if isinstance(model, Model) else Model(model, config=config)
    experiment = network.config if config is None else config if isinstance(config, Config) else Config(config)
    files = files_of({"annotations": annotations, "images": images, "detections": detections, "truth": truth})
    files["category"] = None if category is None else encode(category)
    finder: Optional[DetectorSession] = None
    if detector is not None and detector is not False:
        files["detect"] = True
        finder = DetectorSession(None if detector is True else detector, threads=threads)
    evaluation = _core.evaluation_open(experiment._handle, files, on_message)
    options: Dict[str, object] = {
        "decoder": choose("decoder", decoder, DECODERS),
        "sampler": choose("sampler", sampler, SAMPLERS),
        "workers": workers,
        "skip_broken": skip_broken,
    }
    session = Session(network, threads=threads, max_batch=max_batch)
    _core.evaluation_run(
        evaluation, session._handle, None if finder is None else finder._handle, options, on_message, on_progress
    )
    if results is not None:
        _core.evaluation_save(evaluation, encode(results), False)
    return _numbers(evaluation, finder is not None)


def _numbers(evaluation: _core.Handle, has_detector: bool) -> Dict[str, Any]:
    info = _core.evaluation_info(evaluation)
    score: Dict[str, Any] = {}
    if info["has_truth"]:
        score = dict(_core.evaluation_score(evaluation, "mpii" if info["is_mpii"] else "coco"))
        if has_detector:
            score["boxes"] = _core.evaluation_score(evaluation, "boxes")
    if info["has_truth"] and not info["detects"] and info["detections"] is None:
        score["loss"], score["accuracy"] = _core.evaluation_score(evaluation, "loss")
    score["set"] = info["set"]
    score["n_skipped"] = _core.evaluation_n_skipped(evaluation)
    return score
