"""Many threads, many calls: the same numbers, and no memory that is lost. HRNET_TEST_FULL=1: 10,000 calls of each kind,
and whole networks in the threads; what was measured is printed (pytest -s)."""

import gc
import os
import pathlib
import sys
import threading
import time
import tracemalloc
from typing import Any, Callable, List

import numpy as np
import pytest

import hrnet
from hrnet import _images


IS_FULL = os.environ.get("HRNET_TEST_FULL") == "1"


@pytest.fixture(scope="module")
def quick(golden: pathlib.Path) -> hrnet.Finder:
    """A finder with a small pose network."""
    small = golden / "hrnet_w8_96x64"
    return hrnet.Finder(hrnet.Model(small / "weights.pth", config=small / "config.yaml"), False, threads=1)


def _resident() -> int:
    """Bytes of memory that this process has."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def _run_threads(work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def test_a_thousand_calls_of_eight_threads(quick: hrnet.Finder) -> None:
    pictures = [np.random.default_rng(i).integers(0, 256, (90, 100, 3), dtype=np.uint8) for i in range(8)]
    expected = [quick.pose(one, [[5, 5, 60, 70]]).keypoints.copy() for one in pictures]
    right: List[int] = []

    def work(start: int) -> None:
        for i in range(start, start + 125):
            people = quick.pose(pictures[i % 8], [[5, 5, 60, 70]])
            if (people.keypoints == expected[i % 8]).all():
                right.append(i)

    _run_threads(work)
    assert len(right) == 1000


def test_eight_threads_find_people(figure: str, photo: str) -> None:
    """hrnet.find of all threads at once, which share its finder, and finders of their own."""
    pictures = [hrnet.load_image(one)[::2, ::2] for one in (figure, photo)]
    expected = [hrnet.find(one).to_json() for one in pictures]
    n = 125 if IS_FULL else 2
    right: List[int] = []

    def work(start: int) -> None:
        own = hrnet.Finder(threads=1) if start % 4 == 0 else None
        for i in range(start, start + n):
            people = hrnet.find(pictures[i % 2]) if own is None else own.find(pictures[i % 2])
            if people.to_json() == expected[i % 2]:
                right.append(i)

    _run_threads(work)
    assert len(right) == 8 * n


def test_other_threads_run_meanwhile(photo: str) -> None:
    ticks: List[float] = []
    is_over = threading.Event()

    def tick() -> None:
        while not is_over.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    finder = hrnet.Finder(threads=1)
    picture = hrnet.load_image(photo)
    thread = threading.Thread(target=tick)
    thread.start()
    start = time.perf_counter()
    finder.find(picture)
    end = time.perf_counter()
    is_over.set()
    thread.join()
    assert sum(start < one < end for one in ticks) > 3


@pytest.mark.parametrize("what", ["pose", "image", "error", "text"])
def test_nothing_leaks(quick: hrnet.Finder, photo: str, tmp_path: pathlib.Path, what: str) -> None:
    picture = np.zeros((90, 100, 3), np.uint8)
    hrnet.save_image(picture, tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()

    def error() -> None:
        with pytest.raises(hrnet.FormatError):
            hrnet.load_image(b"no picture")

    calls: "dict[str, tuple[Callable[[], Any], int]]" = {
        "pose": (lambda: quick.pose(picture, [[5, 5, 60, 70]]).keypoints, 300),
        "image": (lambda: hrnet.load_image(data), 10000),
        "error": (error, 2000),
        "text": (lambda: quick.pose(picture, np.zeros((0, 4))).to_json(), 3000),
    }
    call, n = calls[what]
    n = 10000 if IS_FULL else n
    for _ in range(n // 10):
        call()
    gc.collect()
    tracemalloc.start()
    before, resident = tracemalloc.take_snapshot(), _resident()
    for _ in range(n):
        call()
    gc.collect()
    after = tracemalloc.take_snapshot()
    tracemalloc.stop()
    grown = sum(one.size_diff for one in after.compare_to(before, "filename") if "tracemalloc" not in str(one))
    print(f"{what}: {n} calls, Python's memory {grown:+d} bytes, resident {_resident() - resident:+d} bytes")
    assert grown < 64 * 1024, grown
    assert _resident() - resident < 4 * 1024 * 1024


def test_handles_are_freed(golden: pathlib.Path) -> None:
    small = golden / "hrnet_w8_96x64"

    def make() -> None:
        model = hrnet.Model(small / "weights.pth", config=small / "config.yaml")
        session = hrnet.Session(model, threads=1)
        del model  # the session keeps it
        session.forward(np.zeros((1, 3, 96, 64), np.float32))

    for _ in range(5):
        make()
    gc.collect()
    resident = _resident()
    for _ in range(40):
        make()
    gc.collect()
    assert _resident() - resident < 8 * 1024 * 1024


def test_arrays_outlive_everything(quick: hrnet.Finder) -> None:
    keypoints = quick.pose(np.zeros((90, 100, 3), np.uint8)).keypoints
    kept = keypoints.copy()
    for _ in range(50):
        quick.pose(np.full((90, 100, 3), 255, np.uint8))
    assert (keypoints == kept).all() and sys.getrefcount(keypoints) == 2


def _milliseconds(call: Callable[[], Any]) -> float:
    """Of a call, in the fastest of many rounds."""
    rounds = []
    for _ in range(40):
        start = time.perf_counter()
        for _ in range(50):
            call()
        rounds.append((time.perf_counter() - start) / 50 * 1e3)
    return min(rounds)


def test_overhead_is_small(quick: hrnet.Finder) -> None:
    """Calls that have nothing to compute take less than 0.1 ms."""
    picture = np.zeros((90, 100, 3), np.uint8)
    none = np.zeros((0, 4), np.float32)
    assert quick.model is not None
    session = hrnet.Session(quick.model, threads=1)
    empty = np.zeros((0, 3, 96, 64), np.float32)
    times = {
        "Finder.pose without boxes": _milliseconds(lambda: quick.pose(picture, none)),
        "Session.pose without boxes": _milliseconds(lambda: session.pose(picture, none)),
        "Session.forward without pictures": _milliseconds(lambda: session.forward(empty)),
        "a picture as an array": _milliseconds(lambda: _images.read(picture)),
    }
    for name, time_of_it in times.items():
        print(f"{name}: {time_of_it * 1e3:.1f} us")
        assert time_of_it < 0.1, name
