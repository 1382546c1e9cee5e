"""Published weights by name."""

from typing import Any, Callable, Dict, List, NamedTuple, Optional

from . import _core
from ._images import encode
from ._models import Detector, Model, OnMessage, Path, path_or_none

KINDS = ("pose", "detector", "bottom-up")


class Published(NamedTuple):
    """A row of the table of published weights."""

    name: str
    """For :func:`fetch` and :func:`published_model`."""
    kind: str
    """``"pose"``, ``"detector"`` or ``"bottom-up"``."""
    is_supported: bool
    """Whether this version can run it."""
    network: str
    """``"HRNet W32, 256x192"``."""
    dataset: str
    """What it was trained on."""
    url: str
    """Where its authors put it; no address could be tried when the table was made."""
    sha256: Optional[str]
    """The first eight digits; ``None``: unknown."""
    megabytes: int
    """About; 0: unknown."""
    licence: str
    """Its authors'."""
    score: float
    """As its authors report it, in percent."""
    measure: str
    """``"AP"`` or ``"PCKh"``."""
    config: Optional[str]
    """The experiment that goes with it; ``None``: read off the file."""
    overrides: Dict[str, str]
    """Changes to ``config``."""


def _row(entry: Dict[str, Any]) -> Published:
    changes = entry["overrides"]
    entry["overrides"] = dict(zip(changes[::2], changes[1::2]))
    entry["kind"] = KINDS[entry["kind"]]
    entry["is_supported"] = bool(entry["is_supported"])
    return Published(**entry)


def published() -> List[Published]:
    """The table of published weights: HRNet, SimpleBaseline, YOLOX, RTMDet, HigherHRNet and DEKR."""
    return [_row(entry) for entry in _core.published()]


def fetch(
    name: str,
    *,
    folder: Optional[Path] = None,
    mirror: Optional[str] = None,
    offline: bool = False,
    verify: bool = False,
    accept: bool = False,
    stall_seconds: int = 0,
    on_message: Optional[OnMessage] = None,
    on_progress: Optional[Callable[[int, int], object]] = None,
) -> str:
    """The path of a file of the table (:func:`published`): from the cache, else fetched into it.

    ``folder``: the cache; ``None``: ``hrnet`` in ``XDG_CACHE_HOME``, or ``~/.cache/hrnet``. ``mirror``: an address of a
    folder that has the files; ``None``: ``HRNET_FETCH_MIRROR``, else where their authors put them. ``offline``: fetch
    nothing, as with ``HRNET_OFFLINE``. ``verify``: compare a file that is there with its hash. ``accept``: take a hash
    other than that of the first fetch. ``stall_seconds``: give up when nothing comes for so long; 0: 60.
    ``on_progress``: called with the bytes that are here, and all, 0 until that is known.

    A transfer that broke off goes on where it ended. :class:`hrnet.FileError`: no connection, no such file, no room;
    :class:`hrnet.MismatchError`: another hash than expected, what came is removed.
    """
    options: Dict[str, object] = {
        "folder": path_or_none(folder),
        "mirror": None if mirror is None else encode(mirror),
        "offline": offline,
        "verify": verify,
        "accept": accept,
        "stall_seconds": stall_seconds,
    }
    return str(_core.fetch(encode(name), options, on_message, on_progress))


def _find(name: str, kind: str) -> Published:
    for row in published():
        if row.name == name and row.kind == kind:
            return row
    raise ValueError(f"{name}: expected a name of hrnet.published() of the kind {kind}, found none")


def published_model(name: str, **options: Any) -> Model:
    """A pose network of the table with its configuration: fetched, unless it is in the cache. ``options``: of
    :class:`hrnet.Model`."""
    row = _find(name, "pose")
    return Model(fetch(name), config=row.config, overrides=row.overrides or None, **options)


def published_detector(name: str, **options: Any) -> Detector:
    """A detector of the table: fetched, unless it is in the cache. ``options``: of :class:`hrnet.Detector`."""
    return Detector(fetch(_find(name, "detector").name), **options)
