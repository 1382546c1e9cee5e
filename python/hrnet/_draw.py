"""Drawings."""

from typing import Dict

import numpy as np
import numpy.typing as npt

from . import _core
from ._images import Image, read
from ._models import choose
from ._people import People, Person

COLORS = ("auto", "side", "person")


def draw(
    image: Image,
    people: People,
    *,
    bgr: bool = False,
    threshold: float = 0.2,
    size: float = 0,
    boxes: bool = False,
    scores: bool = False,
    tracks: bool = False,
    color: str = "auto",
) -> npt.NDArray[np.uint8]:
    """Draw everybody on a copy of the picture, the best on top: ``uint8`` [height][width][3], RGB (with ``bgr`` too).

    ``threshold``: joints with a lower score are hidden. ``size``: width of the lines in pixels, 0: by the person's size.
    ``boxes``, ``scores``, ``tracks``: what else is shown. ``color``: ``"side"``: left orange, right blue; ``"person"``:
    one for each person; ``"auto"``.
    """
    options: Dict[str, object] = {
        "threshold": threshold,
        "size": size,
        "show_box": boxes,
        "show_scores": scores,
        "show_tracks": tracks,
        "color": choose("color", color, COLORS),
    }
    model = people._source.model
    picture = read(image, bgr)
    return np.asarray(
        _core.draw_people(picture, people._handle, None if model is None else model._handle, options)
    )


def draw_heatmaps(image: Image, person: Person, *, bgr: bool = False, opacity: float = 0.6) -> npt.NDArray[np.uint8]:
    """Lay a person's heatmaps over a copy of the picture: ``uint8`` [height][width][3], RGB. The person comes from a
    :class:`Finder` with ``heatmaps=True``."""
    people = person._people
    model = people._source.model
    if people.heatmaps is None or model is None:
        raise ValueError("the people have no heatmaps: make the finder with heatmaps=True")
    maps = people.heatmaps[person._index]
    x, y, w, h = (float(value) for value in person.box)
    aspect = model._info["input_width"] / model._info["input_height"]
    n_joints, height, width = maps.shape
    picture = read(image, bgr)
    return np.asarray(
        _core.draw_heatmaps(picture, maps, n_joints, height, width, (x, y, w, h), aspect, opacity)
    )
