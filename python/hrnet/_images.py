"""Pictures of every kind as arrays of bytes that the library reads where they are."""

import os
from typing import Any, List, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _core

Image = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, npt.NDArray[np.uint8], Any]
"""What every function here takes as a picture: a path (``str`` or ``os.PathLike``), an encoded file (``bytes``), a
picture of PIL, or an array or tensor of ``uint8`` [height][width], [height][width][3] or [height][width][4]."""

RGB, BGR, RGBA, BGRA, GREY = range(5)
_REVERSED = {RGB: BGR, BGR: RGB}

#: An array of bytes, and how its pixels are made.
Picture = Tuple[npt.NDArray[np.uint8], int]


class ImageWarning(UserWarning):
    """A picture is damaged and was read as far as it goes."""


def encode(text: Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]) -> bytes:
    """A name or a path as the library takes it."""
    return os.fsencode(text)


def _from_array(array: npt.NDArray[Any], bgr: bool, what: str) -> Picture:
    if array.dtype != np.uint8:
        raise TypeError(f"{what}: expected uint8, 0..255, found {array.dtype}")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim == 2:
        return (array if array.strides[1] == 1 or array.shape[1] <= 1 else np.ascontiguousarray(array)), GREY
    if array.ndim != 3 or array.shape[2] not in (3, 4):
        hint = ""
        if array.ndim == 3 and array.shape[0] in (1, 3, 4):
            hint = "; channels come last: transpose(1, 2, 0), or permute(1, 2, 0) of a tensor"
        raise ValueError(
            f"{what}: expected [height][width], [height][width][3] or [height][width][4], found {array.shape}{hint}"
        )
    channels = array.shape[2]
    kind = (BGR if bgr else RGB) if channels == 3 else (BGRA if bgr else RGBA)
    if channels == 3 and array.strides[2] == -1:  # rgb[:, :, ::-1] is the same bytes in the other order
        array, kind = array[:, :, ::-1], _REVERSED[kind]
    if array.strides[2] != 1 or (array.shape[1] > 1 and array.strides[1] != channels):
        array = np.ascontiguousarray(array)
    return array, kind


def _from_pil(image: Any, bgr: bool) -> Picture:
    if bgr:
        raise ValueError("bgr=True goes with arrays; pictures of PIL are RGB")
    if image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("RGB")
    return _from_array(np.asarray(image), False, "the picture of PIL")


def as_array(image: Any, what: str) -> npt.NDArray[Any]:
    """Anything with DLPack, the buffer protocol or ``__array__`` as an array, without a copy where it lies in memory."""
    if isinstance(image, np.ndarray):
        return image
    if hasattr(image, "__dlpack__"):
        device = image.__dlpack_device__()
        if device[0] != 1:
            raise ValueError(f"{what}: expected memory of the CPU, found device {tuple(device)}; move it there first")
        if getattr(image, "requires_grad", False):
            image = image.detach()
        array: npt.NDArray[Any] = np.from_dlpack(image)
        return array
    return np.asarray(image)


def read(image: Image, bgr: bool = False, ignore_orientation: bool = False) -> Picture:
    """The pixels of a picture. Arrays and tensors of the CPU are used where they are if the pixels of a row lie side by
    side; rows may have any distance, also a negative one."""
    flags = 1 if ignore_orientation else 0
    if isinstance(image, (str, os.PathLike)):
        view, warning = _core.image_load(encode(image), flags)
    elif isinstance(image, (bytes, bytearray)):
        view, warning = _core.image_decode(image, b"bytes", flags)
    elif isinstance(image, memoryview) and image.ndim == 1:
        view, warning = _core.image_decode(image, b"bytes", flags)
    elif hasattr(image, "getbands") and hasattr(image, "convert"):
        return _from_pil(image, bgr)
    else:
        return _from_array(as_array(image, "the picture"), bgr, "the picture")
    if bgr:
        raise ValueError("bgr=True goes with arrays; a file says itself what it is")
    if warning:
        import warnings

        warnings.warn(warning, ImageWarning, stacklevel=4)
    return np.asarray(view), RGB


def name_of(image: Image) -> str:
    """What the picture is called in results and messages."""
    return os.fsdecode(image) if isinstance(image, (str, os.PathLike)) else "picture"


def load_image(path: Image, *, ignore_orientation: bool = False) -> npt.NDArray[np.uint8]:
    """Read a picture file (or its bytes) as RGB.

    Returns ``uint8`` [height][width][3], the pixels of OpenCV's ``imread`` in the other order. JPEG, PNG, WebP, BMP, and
    TIFF, GIF, AVIF and HEIC where their modules are installed. Pictures are turned as their EXIF data says unless
    ``ignore_orientation``. What is damaged is read as far as it goes, with an :class:`ImageWarning`.
    """
    array, kind = read(path, ignore_orientation=ignore_orientation)
    return array if kind == RGB else np.asarray(_core.image_copy((array, kind)))


def save_image(image: Image, path: Union[str, "os.PathLike[str]"], *, bgr: bool = False) -> None:
    """Write a picture as PNG, JPEG (quality 92) or WebP (quality 90), by the ending of ``path``. The file appears whole
    or stays as it was."""
    _core.image_save(read(image, bgr), encode(path))


def read_all(images: List[Any], bgr: bool, ignore_orientation: bool) -> Tuple[List[Picture], List[bytes]]:
    """Several pictures and their names."""
    return [read(one, bgr, ignore_orientation) for one in images], [encode(name_of(one)) for one in images]
