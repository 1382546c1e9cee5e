"""Makes the pictures beside this file and, for each, NAME.ppm: the pixels that another decoder (OpenCV 4.6's imread, or
Pillow where alpha lies over black) or the raw samples themselves say. Run: python make.py (numpy, opencv, pillow).
ycck.jpg, which none of these write, comes from libjpeg's jpeg_set_colorspace(JCS_YCCK)."""
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

here = Path(__file__).parent
W, H = 23, 17
rng = np.random.default_rng(7)
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([x * 11, y * 15, (x + y) * 6], 2).astype(np.uint8)
rgb[4:8, 5:11] = [230, 20, 60]
grey = rgb[..., 0].copy()


def write_ppm(name, pixels):
    h, w, _ = pixels.shape
    (here / f"{name}.ppm").write_bytes(b"P6\n%d %d\n255\n" % (w, h) + pixels.astype(np.uint8).tobytes())


def expect_opencv(name, flags=cv2.IMREAD_COLOR):
    write_ppm(name, cv2.imread(str(here / name), flags)[..., ::-1])


def expect_over_black(name):
    rgba = np.asarray(Image.open(here / name).convert("RGBA")).astype(int)
    write_ppm(name, (rgba[..., :3] * rgba[..., 3:] + 127) // 255)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def pack_rows(samples, depth):
    out = b""
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            out += b"\0" + row.astype(">u2").tobytes()
        else:
            bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - depth:]
            out += b"\0" + np.packbits(bits.reshape(-1)).tobytes()
    return out


def write_png(name, samples, kind, depth, extra=b"", interlaced=False):
    """samples [h][w][channels]; kind: PNG colour type."""
    h, w = samples.shape[:2]
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    data = b"".join(pack_rows(samples[y0::dy, x0::dx], depth) for x0, y0, dx, dy in passes
                    if samples[y0::dy, x0::dx].size)
    head = struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, int(interlaced))
    (here / name).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(data))
                              + chunk(b"IEND", b""))


def jpegs():
    picture = Image.fromarray(rgb)
    picture.save(here / "baseline.jpg", quality=85)
    picture.save(here / "full_chroma.jpg", quality=90, subsampling=0)
    picture.save(here / "progressive.jpg", quality=80, progressive=True)
    Image.fromarray(grey).save(here / "grey.jpg", quality=90)
    cmyk = np.dstack([255 - rgb, (x * 5).astype(np.uint8)])
    Image.fromarray(cmyk, "CMYK").save(here / "cmyk.jpg", quality=90)
    for name in "baseline.jpg", "full_chroma.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "ycck.jpg":
        if (here / name).exists():
            expect_opencv(name)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture.save(here / f"exif{orientation}.jpg", quality=85, exif=exif)
        expect_opencv(f"exif{orientation}.jpg")


def pngs():
    palette = rng.integers(0, 256, (16, 3)).astype(np.uint8)
    for depth in 1, 2, 4, 8, 16:
        values = (x * y * 37 % (1 << depth)) if depth < 16 else x.astype(np.int64) * 2800 + y * 7
        name = f"grey{depth}.png"
        write_png(name, values[..., None], 0, depth)
        eight = values * 255 // ((1 << depth) - 1) if depth < 16 else values >> 8
        write_ppm(name, np.repeat(eight[..., None], 3, 2))
        if depth <= 8:
            indices = values % min(16, 1 << depth)
            write_png(f"palette{depth}.png", indices[..., None], 3, depth, chunk(b"PLTE", palette.tobytes()))
            write_ppm(f"palette{depth}.png", palette[indices])
    alpha = (x * 11).astype(np.uint8)
    write_png("rgb8.png", rgb, 2, 8)
    write_png("rgb16.png", rgb.astype(int) * 256 + 255, 2, 16)
    write_png("rgba8.png", np.dstack([rgb, alpha]), 6, 8)
    write_png("rgba16.png", np.dstack([rgb, alpha]).astype(int) * 257, 6, 16)
    write_png("grey_alpha8.png", np.dstack([grey, alpha]), 4, 8)
    write_png("interlaced_rgb8.png", rgb, 2, 8, interlaced=True)
    write_png("interlaced_rgba8.png", np.dstack([rgb, alpha]), 6, 8, interlaced=True)
    indices = x * y % 16
    plte = chunk(b"PLTE", palette.tobytes())
    write_png("interlaced_palette4.png", indices[..., None], 3, 4, plte, interlaced=True)
    for name in "rgb8.png", "rgb16.png", "interlaced_rgb8.png", "interlaced_palette4.png":
        expect_opencv(name)
    write_png("trns_palette.png", indices[..., None], 3, 4, plte + chunk(b"tRNS", bytes(range(0, 256, 16))))
    write_png("trns_rgb.png", rgb, 2, 8, chunk(b"tRNS", struct.pack(">HHH", 230, 20, 60)))
    write_png("trns_grey.png", grey[..., None], 0, 8, chunk(b"tRNS", struct.pack(">H", 110)))
    for name in ("rgba8.png", "grey_alpha8.png", "interlaced_rgba8.png", "trns_palette.png", "trns_rgb.png",
                 "trns_grey.png"):
        expect_over_black(name)
    wide, wide_alpha = rgb.astype(int) * 257, alpha[..., None].astype(int) * 257
    write_ppm("rgba16.png", (wide * wide_alpha / 65535 + .5).astype(int) >> 8)
    exif = Image.Exif()
    exif[0x0112] = 6
    write_png("exif6.png", rgb, 2, 8, chunk(b"eXIf", exif.tobytes()[6:]))
    write_ppm("exif6.png", np.rot90(rgb, -1))


def webps():
    picture = Image.fromarray(rgb)
    rgba = Image.fromarray(np.dstack([rgb, (x * 11).astype(np.uint8)]))
    picture.save(here / "lossy.webp", quality=80)
    picture.save(here / "lossless.webp", lossless=True)
    rgba.save(here / "alpha.webp", lossless=True, exact=True)
    rgba.save(here / "lossy_alpha.webp", quality=80)
    picture.save(here / "animated.webp", save_all=True, append_images=[picture.rotate(180)], lossless=True)
    exif = Image.Exif()
    exif[0x0112] = 8
    picture.save(here / "exif8.webp", lossless=True, exif=exif)
    for name in "lossy.webp", "lossless.webp":
        expect_opencv(name)
    for name in "alpha.webp", "lossy_alpha.webp":
        expect_over_black(name)
    write_ppm("exif8.webp", np.rot90(rgb))


jpegs()
pngs()
webps()
