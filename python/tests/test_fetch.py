"""Weights by name, from a server on this machine."""

import functools
import http.server
import pathlib
import threading
from typing import Any, Iterator, List, Tuple

import pytest

import hrnet


@pytest.fixture()
def mirror(tmp_path: pathlib.Path) -> Iterator[Tuple[str, pathlib.Path]]:
    """The address of a folder, and the folder."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

    folder = tmp_path / "mirror"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", folder
    server.shutdown()
    thread.join()
    server.server_close()


def _fetch(name: str, **options: Any) -> str:
    try:
        return hrnet.fetch(name, **options)
    except hrnet.UnsupportedError as error:
        pytest.skip(str(error))


def test_the_table() -> None:
    rows = hrnet.published()
    assert len({row.name for row in rows}) == len(rows) >= 43
    w32 = next(row for row in rows if row.name == "hrnet-w32-256x192")
    assert w32.kind == "pose" and w32.config == "coco/hrnet/w32_256x192" and w32.sha256 == "81c58e40"
    assert w32.url.endswith("81c58e40_20220909.pth") and w32.overrides == {}
    dark = next(row for row in rows if row.name == "hrnet-w32-256x192-dark")
    assert dark.overrides == {"MODEL.TARGET_TYPE": "dark"}


def test_a_file_comes_once(mirror: Tuple[str, pathlib.Path], tmp_path: pathlib.Path) -> None:
    address, folder = mirror
    (folder / "yolox_nano.pth").write_bytes(bytes(range(256)) * 4000)
    heard: List[Tuple[int, int]] = []
    cache = tmp_path / "cache"
    path = _fetch("yolox-nano", folder=cache, mirror=address, on_progress=lambda *n: heard.append(n))
    assert pathlib.Path(path) == cache / "yolox_nano.pth"
    assert pathlib.Path(path).read_bytes() == (folder / "yolox_nano.pth").read_bytes()
    assert heard[-1] == (1024000, 1024000)
    (folder / "yolox_nano.pth").unlink()
    assert hrnet.fetch("yolox-nano", folder=cache, mirror=address) == path
    assert hrnet.fetch("yolox-nano", folder=cache, offline=True, verify=True) == path


def test_what_is_refused(mirror: Tuple[str, pathlib.Path], tmp_path: pathlib.Path) -> None:
    address, folder = mirror
    with pytest.raises(hrnet.ArgumentError, match="expected a name of the table"):
        hrnet.fetch("hrnet-w33")
    with pytest.raises(hrnet.FileError, match="nothing is fetched"):
        hrnet.fetch("yolox-tiny", folder=tmp_path, offline=True)
    with pytest.raises(ValueError, match="of the kind detector"):
        hrnet.published_detector("hrnet-w32-256x192")
    with pytest.raises(ValueError, match="of the kind pose"):
        hrnet.published_model("yolox-s")
    row = next(row for row in hrnet.published() if row.name == "hrnet-w32-256x192")
    (folder / row.url.rpartition("/")[2]).write_bytes(b"no weights")
    try:
        with pytest.raises(hrnet.MismatchError, match="81c58e40"):
            hrnet.fetch(row.name, folder=tmp_path, mirror=address)
    except hrnet.UnsupportedError as error:
        pytest.skip(str(error))
    with pytest.raises(hrnet.FileError, match="404"):
        hrnet.fetch("yolox-tiny", folder=tmp_path, mirror=address)


def test_a_callback_ends_a_transfer(mirror: Tuple[str, pathlib.Path], tmp_path: pathlib.Path) -> None:
    address, folder = mirror
    (folder / "yolox_nano.pth").write_bytes(bytes(1000000))
    _fetch("yolox-nano", folder=tmp_path / "other", mirror=address)

    def refuse(done: int, total: int) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        hrnet.fetch("yolox-nano", folder=tmp_path / "cache", mirror=address, on_progress=refuse)
    assert not (tmp_path / "cache" / "yolox_nano.pth").exists()


def test_a_detector_of_the_table(mirror: Tuple[str, pathlib.Path], golden: pathlib.Path, monkeypatch: Any, tmp_path: pathlib.Path) -> None:
    address, folder = mirror
    (folder / "yolox_nano.pth").write_bytes((golden / "detect" / "rtmdet_nano.safetensors").read_bytes())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HRNET_FETCH_MIRROR", address)
    _fetch("yolox-nano")
    assert hrnet.published_detector("yolox-nano").info["input_width"] == 320
