"""Configurations, pose networks and detectors."""

import os
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from . import _core
from ._images import encode

Path = Union[str, "os.PathLike[str]"]

#: Called with each line that the library has to say, without a newline. One that begins with ``warning:`` may change
#: numbers.
OnMessage = Callable[[str], object]


def choose(what: str, name: str, names: Sequence[str]) -> int:
    """The number of a name of an enumeration."""
    if name not in names:
        raise ValueError(f"{what}: expected {', '.join(names)}, found {name!r}")
    return names.index(name)


DECODERS = ("auto", "argmax", "shift", "dark", "udp")
SAMPLERS = ("opencv", "float")
PRECISIONS = ("fp32", "fp16-weights")


def pairs(overrides: Optional[Mapping[str, object]]) -> Optional[List[bytes]]:
    """Changes to a configuration as the library takes them: "KEY", "VALUE", ..."""
    if overrides is None:
        return None
    out: List[bytes] = []
    for key, value in overrides.items():
        text = "true" if value is True else "false" if value is False else str(value)
        out += [key.encode(), text.encode()]
    return out


def path_or_none(path: Optional[Path]) -> Optional[bytes]:
    return None if path is None else encode(path)


class Config:
    """One experiment in the published YAML schema.

    ``name``: a path of a YAML file; the name of a published experiment, or its beginning if that is unique
    (``"coco/hrnet/w32_256x192"``); ``None``: the defaults. ``overrides``: changes, ``{"MODEL.IMAGE_SIZE": [192, 256]}``.
    """

    def __init__(
        self,
        name: Optional[Path] = None,
        overrides: Optional[Mapping[str, object]] = None,
        *,
        on_message: Optional[OnMessage] = None,
    ) -> None:
        self._handle = _core.config_load(path_or_none(name), pairs(overrides), on_message)

    @classmethod
    def _of(cls, handle: _core.Handle) -> "Config":
        config = cls.__new__(cls)
        config._handle = handle
        return config

    @staticmethod
    def names() -> List[str]:
        """The published experiments that are built in."""
        return _core.config_names()

    def get(self, key: str) -> str:
        """The value of a key, ``"MODEL.NUM_JOINTS"``, as YAML text."""
        return _core.config_get(self._handle, key.encode())

    def __str__(self) -> str:
        return _core.config_dump(self._handle)


class Skeleton(NamedTuple):
    """What the joints of a network are."""

    name: str
    """``"coco"``, ``"mpii"``, the name that the weights give their data set, or ``"custom"``."""
    keypoint_names: List[str]
    """One for each keypoint."""
    flip_pairs: List[Tuple[int, int]]
    """Keypoints that change places in a mirror."""
    links: List[Tuple[int, int]]
    """Bones to draw."""
    sigmas: Optional[List[float]]
    """OKS constants, or ``None``."""


class Model:
    """A pose network with its weights. Immutable; may be shared between threads.

    ``path``: PyTorch's ``.pth`` (official, mmpose, simple-HRNet), safetensors; ``None``: the network that ships, which
    finds COCO's 17 keypoints, or with ``config`` a network with initial weights.
    """

    def __init__(
        self,
        path: Optional[Path] = None,
        *,
        config: Union[None, Path, Config] = None,
        overrides: Optional[Mapping[str, object]] = None,
        allow_missing: bool = False,
        precision: str = "fp32",
        batch: int = 0,
        seed: int = 0,
        weights_key: Optional[str] = None,
        memory_limit: int = 0,
        on_message: Optional[OnMessage] = None,
    ) -> None:
        if config is not None and not isinstance(config, Config):
            config = Config(config, overrides)
            overrides = None
        options: Dict[str, object] = {
            "allow_missing": allow_missing,
            "precision": choose("precision", precision, PRECISIONS),
            "batch": batch,
            "seed": seed,
            "memory_limit": memory_limit,
            "weights_key": None if weights_key is None else encode(weights_key),
        }
        self._handle = _core.model_load(
            path_or_none(path), None if config is None else config._handle, pairs(overrides), options, on_message
        )
        self._info: Dict[str, Any] = _core.model_info(self._handle)
        skeleton = _core.model_skeleton(self._handle)
        self._skeleton = None if skeleton is None else _skeleton(skeleton)

    @property
    def info(self) -> Dict[str, Any]:
        """What the network is: ``name``, ``n_joints``, ``input_width``, ``input_height``, ``heatmap_width``,
        ``heatmap_height`` (pixels and cells), ``codec``, ``mean``, ``std``, ``n_parameters``, ``n_macs``, ..."""
        return dict(self._info)

    @property
    def n_keypoints(self) -> int:
        """Keypoints of a person."""
        return int(self._info["n_joints"])

    @property
    def skeleton(self) -> Skeleton:
        """Names, flip pairs, bones and sigmas of the keypoints."""
        if self._skeleton is None:
            raise ValueError("a detector has no keypoints")
        return self._skeleton

    @property
    def config(self) -> Config:
        """The configuration of the network."""
        return Config._of(_core.model_config(self._handle))

    def __repr__(self) -> str:
        info = self._info
        return f"<hrnet.Model {info['name']} {info['input_width']}x{info['input_height']}, {info['n_joints']} keypoints>"


def _skeleton(values: Dict[str, Any]) -> Skeleton:
    return Skeleton(
        values["name"], values["keypoint_names"], values["flip_pairs"], values["links"], values["sigmas"]
    )


class Pool:
    """Threads that several sessions and finders share, so that they do not take the processor from each other.
    ``threads`` 0: as many as this process may use."""

    def __init__(self, threads: int = 0) -> None:
        self._handle = _core.pool_create(threads)


class Detector:
    """A network that finds people, or things of other classes: the one that ships, YOLOX (Megvii, mmdetection) or
    RTMDet (mmdetection). Immutable; may be shared between threads."""

    def __init__(
        self,
        path: Optional[Path] = None,
        *,
        precision: str = "fp32",
        batch: int = 0,
        legacy: bool = False,
        weights_key: Optional[str] = None,
        memory_limit: int = 0,
        on_message: Optional[OnMessage] = None,
    ) -> None:
        options: Dict[str, object] = {
            "precision": choose("precision", precision, PRECISIONS),
            "batch": batch,
            "legacy": legacy,
            "memory_limit": memory_limit,
            "weights_key": None if weights_key is None else encode(weights_key),
        }
        self._handle = _core.detector_load(path_or_none(path), options, on_message)
        self._info: Dict[str, Any] = _core.detector_info(self._handle)

    @property
    def info(self) -> Dict[str, Any]:
        """What the network is: ``name``, ``category_names``, ``person``, ``input_width``, ``input_height``,
        ``threshold``, ``nms_iou``, ``n_parameters``, ..."""
        return dict(self._info)

    def __repr__(self) -> str:
        return f"<hrnet.Detector {self._info['name']} {self._info['input_width']}x{self._info['input_height']}>"
