"""Who is who from picture to picture, and keypoints that do not tremble."""

from typing import Dict, Optional

from . import _core
from ._models import Model, choose
from ._people import People

METHODS = ("byte", "oks", "iou")


class Tracker:
    """Tracks of the people in one sequence of pictures, in their order.

    ``method``: ``"byte"`` (ByteTrack), ``"oks"`` (the same by poses), ``"iou"`` (greedy). Zeros stand for the defaults.
    ``high``, ``low``, ``start``: scores of boxes that are paired first, that are paired at all, and that begin a track.
    ``match``, ``match_low``, ``match_new``: least similarities of the stages. ``confirm``: sum of scores after which a
    track gets its number. ``buffer``, ``follow``: seconds. ``model``: whose sigmas OKS takes.
    """

    def __init__(
        self,
        method: str = "byte",
        *,
        model: Optional[Model] = None,
        high: float = 0,
        low: float = 0,
        start: float = 0,
        match: float = 0,
        match_low: float = 0,
        match_new: float = 0,
        no_fuse: bool = False,
        confirm: float = 0,
        buffer: float = 0,
        follow: float = 0,
        joint: float = 0,
    ) -> None:
        options: Dict[str, object] = {
            "method": choose("method", method, METHODS),
            "high": high,
            "low": low,
            "start": start,
            "match": match,
            "match_low": match_low,
            "match_new": match_new,
            "no_fuse": no_fuse,
            "confirm": confirm,
            "buffer": buffer,
            "follow": follow,
            "joint": joint,
        }
        self._handle = _core.tracker_create(options, None if model is None else model._handle)

    def update(self, people: People, seconds: float) -> People:
        """Find out who the people of the next picture are: sets :attr:`People.tracks`, and returns the people.
        ``seconds``: of the picture, not before that of the last update."""
        _core.tracker_update(self._handle, people._handle, seconds)
        return people

    @property
    def n_tracks(self) -> int:
        """How many numbers were given so far."""
        return _core.tracker_n_tracks(self._handle)

    def reset(self) -> None:
        """Forget all tracks, for another sequence; numbers go on."""
        _core.tracker_reset(self._handle)


class Smoother:
    """One-Euro filters for the keypoints of tracks. Zeros stand for the defaults. ``min_cutoff``, ``d_cutoff``: Hz;
    ``beta``: Hz for each unit of speed; ``pixels``: speed in pixels a second in place of heights of the person;
    ``joint``: keypoints below this score are passed through; ``gap``: seconds after which a joint begins anew."""

    def __init__(
        self,
        n_keypoints: int = 17,
        *,
        min_cutoff: float = 0,
        beta: float = 0,
        d_cutoff: float = 0,
        pixels: bool = False,
        joint: float = 0,
        gap: float = 0,
    ) -> None:
        options: Dict[str, object] = {
            "min_cutoff": min_cutoff,
            "beta": beta,
            "d_cutoff": d_cutoff,
            "pixels": pixels,
            "joint": joint,
            "gap": gap,
        }
        self._handle = _core.smoother_create(n_keypoints, options)

    def update(self, people: People, seconds: float) -> People:
        """Smooth the keypoints of all persons who have a track, in place, and return the people. ``seconds``: of the
        picture."""
        _core.smoother_update(self._handle, people._handle, seconds)
        return people

    def reset(self) -> None:
        """Forget everything, for another sequence."""
        _core.smoother_reset(self._handle)
