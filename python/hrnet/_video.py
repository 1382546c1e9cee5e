"""Videos, cameras and streams, frame by frame."""

import queue
import threading
from typing import Any, Dict, Iterator, NamedTuple, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _core
from ._images import encode
from ._models import OnMessage, Path
from ._people import People, Source
from ._sessions import Finder
from ._tracks import Smoother, Tracker

# Boxes of lower scores than the detectors' own thresholds help to keep tracks; `hrnet pose VIDEO` takes the same.
_LEAST_TRACKED_SCORE = 0.1

# Frames that wait for the loop.
_WAITING = 4


class Frame(NamedTuple):
    """A frame of a video."""

    people: People
    """Who is in it, with tracks."""
    image: Optional[npt.NDArray[np.uint8]]
    """``uint8`` [height][width][3], RGB; ``None`` with ``images=False``."""
    number: int
    """The number of the frame, from 1."""
    seconds: float
    """Since the start of the video."""
    warning: Optional[str]
    """What is damaged, or ``None``."""
    n_dropped: int
    """Frames that were dropped before this one (``drop_late``)."""


class Video:
    """The people in the frames of a video, as an iterator of :class:`Frame`. See :func:`video`."""

    def __init__(
        self,
        path: Path,
        finder: Finder,
        tracker: Optional[Tracker],
        smoother: Optional[Smoother],
        options: Dict[str, object],
        search: Dict[str, object],
        images: bool,
        on_message: Optional[OnMessage],
    ) -> None:
        self._handle = _core.video_open(encode(path), options, on_message)
        self.info: Dict[str, Any] = _core.video_info(self._handle)
        """``width``, ``height``, ``fps``, ``duration``, ``n_frames``, ``rotation``, ``codec``, ... as known at the start."""
        self._finder = finder
        self._source = Source(finder.model, finder.detector, finder._source.used)
        self._parts = (tracker, smoother)
        self._search = search
        self._images = images
        self._frames: "queue.Queue[Union[Frame, BaseException, None]]" = queue.Queue(_WAITING)
        self._is_closed = False
        self._thread: Optional[threading.Thread] = None

    def _put(self, item: Union[Frame, BaseException, None]) -> bool:
        while not self._is_closed:
            try:
                self._frames.put(item, timeout=0.1)
                return True
            except queue.Full:
                pass
        return False

    def _on_frame(self, handle: _core.Handle, image: Optional[_core.View], warning: Optional[str], n: int) -> bool:
        people = People(handle, self._source)
        info = people._info
        array = None if image is None else np.asarray(image)
        return self._put(Frame(people, array, info["frame"], info["seconds"], warning, n))

    def _run(self) -> None:
        tracker, smoother = self._parts
        end: Optional[BaseException] = None
        try:
            _core.video_find(
                self._handle,
                self._finder._handle,
                None if tracker is None else tracker._handle,
                None if smoother is None else smoother._handle,
                self._search,
                self._images,
                self._on_frame,
            )
        except BaseException as error:  # of the thread: handed to the loop
            end = error
        self._put(end)

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        if self._is_closed:
            raise StopIteration
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hrnet video", daemon=True)
            self._thread.start()
        item = self._frames.get()
        if isinstance(item, Frame):
            return item
        self.close()
        if item is not None:
            raise item
        raise StopIteration

    def close(self) -> None:
        """Stop reading. A ``for`` loop that ends by itself has done so."""
        self._is_closed = True
        _core.video_stop(self._handle)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> "Video":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _tracks(
    finder: Finder, track: Union[bool, Tracker], smooth: Union[bool, Smoother]
) -> Tuple[Optional[Tracker], Optional[Smoother]]:
    tracker = track if isinstance(track, Tracker) else Tracker(model=finder.model) if track else None
    if isinstance(smooth, Smoother):
        return tracker, smooth
    has_keypoints = finder.model is not None and tracker is not None
    return tracker, Smoother(finder.model.n_keypoints) if smooth and has_keypoints and finder.model else None


def video(
    path: Path,
    *,
    finder: Optional[Finder] = None,
    track: Union[bool, Tracker] = True,
    smooth: Union[bool, Smoother] = True,
    images: bool = True,
    start: float = 0,
    stop: float = 0,
    every: int = 0,
    detect_every: int = 0,
    drop_late: Optional[bool] = None,
    threads: int = 0,
    timeout: float = 0,
    reconnect: int = 0,
    hardware: Optional[str] = None,
    camera_size: Tuple[int, int] = (0, 0),
    camera_fps: float = 0,
    on_message: Optional[OnMessage] = None,
) -> Video:
    """The people in a video: a file, a camera (``"/dev/video0"``), a stream (``"rtsp://..."``), a sequence of pictures
    (``"frames/%04d.png"``), or ``"lavfi:GRAPH"``.

    >>> for frame in hrnet.video("walk.mp4"):
    ...     for person in frame.people:
    ...         print(frame.seconds, person.track, person.keypoints)

    Reading, finding and the loop run at once, with a few frames on their way. People, tracks and keypoints are those of
    ``hrnet pose VIDEO``. ``finder``: ``None``: what ships, with a threshold of 0.1 if there are tracks. ``start``,
    ``stop``: seconds; ``every``: of the frames every so many; ``detect_every``: the detector looks at every so many of
    them, tracks are followed in between; ``drop_late``: only the newest frame counts, by default for cameras and
    streams; ``images=False``: frames come without pixels.
    """
    if finder is None:
        finder = Finder(threshold=_LEAST_TRACKED_SCORE if track else None, threads=threads)
    tracker, smoother = _tracks(finder, track, smooth)
    options: Dict[str, object] = {
        "from": start,
        "to": stop,
        "every": every,
        "threads": threads,
        "timeout": timeout,
        "reconnect": reconnect,
        "hardware": None if hardware is None else encode(hardware),
        "camera_width": camera_size[0],
        "camera_height": camera_size[1],
        "camera_fps": camera_fps,
    }
    search: Dict[str, object] = {"detect_every": detect_every}
    opened = Video(path, finder, tracker, smoother, options, search, images, on_message)
    search["drop_late"] = opened.info["is_live"] if drop_late is None else drop_late
    return opened
