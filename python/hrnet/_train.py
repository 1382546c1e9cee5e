"""Training."""

from typing import Any, Callable, Dict, List, Mapping, Optional, Union

from . import _core
from ._evaluate import files_of
from ._images import encode
from ._models import Config, OnMessage, Path, choose, pairs, path_or_none

#: Called with what is known of the run: ``output``, ``epoch``, ``step``, ``steps_per_epoch``, ``loss``, ``accuracy``,
#: ``perf`` (of the last validation, -1: none yet), ``best_perf``, ``is_done``. Returning ``True`` saves and ends it.
Callback = Callable[[Dict[str, Any]], Optional[bool]]

RESUMES = ("auto", "always", "never")


def fine_tune_config(
    data: Optional[Path] = None,
    *,
    init: Optional[Path] = None,
    config: Optional[Config] = None,
    overrides: Optional[Mapping[str, object]] = None,
    annotations: Optional[Path] = None,
    valid_annotations: Optional[Path] = None,
    category: Optional[str] = None,
    on_message: Optional[OnMessage] = None,
) -> Config:
    """A configuration to train a model (``init``; ``None``: the one that ships) on other keypoints or pictures.

    ``data``: a folder with pictures and annotations in COCO's layout, or as CVAT, COCO Annotator or Roboflow export them.
    """
    options: Dict[str, object] = dict(
        files_of({"data": data, "init": init, "annotations": annotations, "valid_annotations": valid_annotations})
    )
    options["category"] = None if category is None else encode(category)
    handle = _core.fine_tune(options, None if config is None else config._handle, pairs(overrides), on_message)
    return Config._of(handle)


class Trainer:
    """A training run, as published. :func:`train` is the shortest way through one."""

    def __init__(
        self,
        config: Union[Path, Config],
        *,
        name: Optional[str] = None,
        output: Optional[Path] = None,
        annotations: Optional[Path] = None,
        images: Optional[Path] = None,
        valid_annotations: Optional[Path] = None,
        valid_images: Optional[Path] = None,
        valid_truth: Optional[Path] = None,
        category: Optional[str] = None,
        resume: str = "auto",
        threads: int = 0,
        recompute: bool = False,
        validate_every: int = 0,
        skip_broken: bool = False,
        allow_missing: bool = False,
        on_message: Optional[OnMessage] = None,
    ) -> None:
        experiment = config if isinstance(config, Config) else Config(config)
        options: Dict[str, object] = {
            "name": None if name is None else encode(name),
            "output": path_or_none(output),
            "annotations": path_or_none(annotations),
            "images": path_or_none(images),
            "category": None if category is None else encode(category),
            "resume": choose("resume", resume, RESUMES),
            "threads": threads,
            "recompute": recompute,
            "validate_every": validate_every,
            "skip_broken": skip_broken,
            "allow_missing": allow_missing,
        }
        valid = files_of({"annotations": valid_annotations, "images": valid_images, "truth": valid_truth})
        self._handle = _core.trainer_create(experiment._handle, options, valid, on_message)

    @property
    def info(self) -> Dict[str, Any]:
        """See :data:`Callback`."""
        return _core.trainer_info(self._handle)

    def step(self) -> Dict[str, Any]:
        """One step of the optimiser and what follows it: validation and a checkpoint at the end of an epoch. Returns
        :attr:`info`."""
        _core.trainer_step(self._handle)
        return self.info

    def run(self) -> Dict[str, Any]:
        """Steps until the end, or until :meth:`stop`; then the files of the end. Returns :attr:`info`."""
        _core.trainer_run(self._handle)
        return self.info

    def stop(self) -> None:
        """Ask :meth:`run` to save and return after the current step; from any thread."""
        _core.trainer_stop(self._handle)


def train(
    config: Union[Path, Config], callbacks: Union[None, Callback, List[Callback]] = None, **options: Any
) -> Dict[str, Any]:
    """Train a network as published: ``hrnet train``.

    ``callbacks`` are called after every step, see :data:`Callback`; one that returns ``True`` saves and ends the run,
    which the same call goes on with to the same bits. So does Ctrl-C. ``options`` are those of :class:`Trainer`.
    Returns what is known at the end; ``output`` has ``checkpoint.pth``, ``model_best.pth``, ``final_state.pth``,
    ``model_best.safetensors`` and the logs.
    """
    called: List[Callback] = [] if callbacks is None else callbacks if isinstance(callbacks, list) else [callbacks]
    trainer = Trainer(config, **options)
    try:
        while not trainer.info["is_done"]:
            info = trainer.step()
            if any([callback(info) for callback in called]):
                trainer.stop()
                break
    except KeyboardInterrupt:
        trainer.stop()
        trainer.run()
        raise
    return trainer.run()
