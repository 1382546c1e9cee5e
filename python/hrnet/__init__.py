"""HRNet human pose estimation: everybody in a picture, with their keypoints.

>>> import hrnet
>>> for person in hrnet.find("photo.jpg"):
...     print(person.box, person.score, person.keypoints)

Coordinates are pixels of the picture, x to the right and y down; the centre of the first pixel is (0, 0). Shapes stand
in brackets, outermost first. Everything that takes long lets other threads run, and ends with ``KeyboardInterrupt`` at
Ctrl-C. What goes wrong is a :class:`hrnet.Error`, with a subclass for each kind.
"""

from ._convert import results_text
from ._core import (
    ArgumentError,
    CancelledError,
    ConfigError,
    Error,
    FileError,
    FormatError,
    LimitError,
    MismatchError,
    OutOfMemoryError,
    UnsupportedError,
)
from ._core import version as _version
from ._draw import draw, draw_heatmaps
from ._evaluate import evaluate
from ._fetch import Published, fetch, published, published_detector, published_model
from ._images import Image, ImageWarning, load_image, save_image
from ._models import Config, Detector, Model, Pool, Skeleton
from ._people import People, Person
from ._pose_tracker import PoseTracker
from ._score import score_coco, score_mot, score_mpii
from ._sessions import DetectorSession, Finder, Object, Session, find, forward, heatmaps
from ._skeletons import draw_skeleton
from ._tracks import Smoother, Tracker
from ._train import Trainer, fine_tune_config, train
from ._video import Frame, Video, video
from .body import Body, Wholebody

__version__ = _version()

__all__ = [
    "ArgumentError",
    "Body",
    "CancelledError",
    "Config",
    "ConfigError",
    "Detector",
    "DetectorSession",
    "Error",
    "FileError",
    "Finder",
    "FormatError",
    "Frame",
    "Image",
    "ImageWarning",
    "LimitError",
    "MismatchError",
    "Model",
    "Object",
    "OutOfMemoryError",
    "People",
    "Person",
    "Pool",
    "Published",
    "PoseTracker",
    "Session",
    "Skeleton",
    "Smoother",
    "Tracker",
    "Trainer",
    "UnsupportedError",
    "Video",
    "Wholebody",
    "draw",
    "draw_heatmaps",
    "draw_skeleton",
    "evaluate",
    "fetch",
    "find",
    "fine_tune_config",
    "forward",
    "heatmaps",
    "load_image",
    "published",
    "published_detector",
    "published_model",
    "results_text",
    "save_image",
    "score_coco",
    "score_mot",
    "score_mpii",
    "train",
    "video",
]
