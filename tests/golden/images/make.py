"""Makes the pictures beside this file and, for each, NAME.ppm: the pixels that another decoder (OpenCV's imread, 4.6 for
JPEG, PNG and WebP without alpha, 5.0 for the others; Pillow 13 and pillow_heif 1.8 for AVIF, HEIC and what imread does not
read) or the raw samples themselves say. Run: python make.py [KIND...] (numpy, opencv, pillow, pillow_heif), KIND: jpegs,
pngs, webps, bmps, tiffs, gifs, avifs, heifs, damaged. ycck.jpg, which none of these write, comes from libjpeg's
jpeg_set_colorspace(JCS_YCCK)."""
import io
import struct
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
from PIL import Image, ImageOps

pillow_heif.register_heif_opener()

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


def expect_pillow(name):
    write_ppm(name, np.asarray(ImageOps.exif_transpose(Image.open(here / name)).convert("RGB")))


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
    for name in ("rgba8.png", "rgba16.png", "grey_alpha8.png", "interlaced_rgba8.png", "trns_palette.png",
                 "trns_rgb.png", "trns_grey.png"):
        expect_opencv(name)
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
    still = (here / "lossless.webp").read_bytes()[12:]  # its one chunk, as a picture at (4, 2) of a canvas of 31 x 21
    frame = b"".join(struct.pack("<I", n)[:3] for n in (2, 1, W - 1, H - 1, 100)) + b"\2" + still
    body = (b"WEBPVP8X" + struct.pack("<II", 10, 2) + struct.pack("<I", 30)[:3] + struct.pack("<I", 20)[:3]
            + b"ANIM" + struct.pack("<IIH", 6, 0xff80c0ff, 0) + b"ANMF" + struct.pack("<I", len(frame)) + frame)
    (here / "animated_part.webp").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    exif = Image.Exif()
    exif[0x0112] = 8
    picture.save(here / "exif8.webp", lossless=True, exif=exif)
    for name in "lossy.webp", "lossless.webp":
        expect_opencv(name)
    for name in "alpha.webp", "lossy_alpha.webp", "animated.webp", "animated_part.webp":
        expect_opencv(name)
    write_ppm("exif8.webp", np.rot90(rgb))


def write_bmp(name, rows, bits, coding=0, palette=b"", head=40, height=H, extra=b""):
    """rows: the bytes of all pixels as the file has them."""
    if head == 12:
        info = struct.pack("<IHHHH", 12, W, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", head, W, height, 1, bits, coding, len(rows), 2835, 2835, 0, 0) + extra
    at = 14 + len(info) + len(palette)
    (here / name).write_bytes(b"BM" + struct.pack("<IHHI", at + len(rows), 0, 0, at) + info + palette + rows)


def bmp_rows(samples, bits):
    """samples [h][w] or [h][w][bytes], the first row at the bottom of the file."""
    out = b""
    for row in samples[::-1]:
        if bits < 8:
            row = np.packbits(np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - bits:].reshape(-1))
        row = row.tobytes()
        out += row + bytes(-len(row) % 4)
    return out


def run_lengths(indices, bits, steps=True):
    """Every way to code a row: runs, single pixels, a row that ends early, steps over pixels and rows."""
    per = 8 // bits

    def absolute(values):
        packed = bytes(values) if bits == 8 else bytes(
            (values[i] << 4) | (values[i + 1] if i + 1 < len(values) else 0) for i in range(0, len(values), 2))
        return bytes([0, len(values)]) + packed + bytes(len(packed) % 2)

    out = b""
    for number, row in enumerate(indices[::-1]):
        row = row.tolist()
        if steps and number == 5:
            out += bytes([4, row[0] if bits == 8 else row[0] << 4 | row[0], 0, 2, 3, 2])  # 4 pixels, then 2 rows up
        elif steps and number == 6:
            continue
        elif steps and number == 7:
            out += absolute(row[7:12]) + b"\0\0"
        elif number % 3 == 0:
            out += b"".join(bytes([1, v if bits == 8 else v << 4]) for v in row) + b"\0\0"
        else:
            out += absolute(row[:11]) + absolute(row[11:]) + b"\0\0"
    return out + b"\0\1"


def bmps():
    palette = rng.integers(0, 256, (256, 4)).astype(np.uint8)
    for bits in 1, 4, 8:
        write_bmp(f"bmp{bits}.bmp", bmp_rows((x * y * 37 % (1 << bits)).astype(np.uint8), bits), bits,
                  palette=palette[:1 << bits].tobytes())
    write_bmp("os2.bmp", bmp_rows((x * y % 16).astype(np.uint8), 4), 4, palette=palette[:16, :3].tobytes(), head=12)
    write_bmp("rle8.bmp", run_lengths(x * y * 37 % 256, 8), 8, 1, palette.tobytes())
    write_bmp("rle4.bmp", run_lengths(x * y * 37 % 16, 4, False), 4, 2, palette[:16].tobytes())
    write_bmp("rle4_steps.bmp", run_lengths(x * y * 37 % 16, 4), 4, 2, palette[:16].tobytes())
    r, g, b = (rgb[..., c].astype(np.uint16) for c in range(3))
    write_bmp("bmp555.bmp", bmp_rows((r >> 3 << 10 | g >> 3 << 5 | b >> 3).astype("<u2"), 16), 16)
    write_bmp("bmp565.bmp", bmp_rows((r >> 3 << 11 | g >> 2 << 5 | b >> 3).astype("<u2"), 16), 16, 3,
              struct.pack("<III", 0xf800, 0x7e0, 0x1f))
    write_bmp("bmp24.bmp", bmp_rows(rgb[..., ::-1], 24), 24)
    write_bmp("top_down.bmp", bmp_rows(rgb[::-1, :, ::-1], 24), 24, height=-H)
    alpha = (x * 11).astype(np.uint8)
    write_bmp("bmp32.bmp", bmp_rows(np.dstack([rgb[..., ::-1], alpha]), 32), 32)
    masks = struct.pack("<IIIII", 0xff, 0xff00, 0xff0000, 0xff000000, 0x73524742) + bytes(48)
    write_bmp("masks32.bmp", bmp_rows(np.dstack([rgb, alpha]), 32), 32, 3, head=108, extra=masks)
    for path in sorted(here.glob("*.bmp")):
        expect_opencv(path.name) if path.name != "rle4_steps.bmp" else expect_pillow(path.name)  # imread refuses it


def write_tiff(name, order, tags, strips, offsets_tag=273, counts_tag=279):
    """tags {number: [shorts]}; strips: the bytes of each strip or tile."""
    entries = {tag: (3, values) for tag, values in tags.items()}
    at, data = 8, b""
    offsets = []
    for strip in strips:
        offsets.append(at + len(data))
        data += strip + bytes(len(strip) % 2)
    entries[offsets_tag] = (4, offsets)
    entries[counts_tag] = (4, [len(strip) for strip in strips])
    directory, more = b"", b""
    first = at + len(data)
    behind = first + 2 + 12 * len(entries) + 4
    for tag in sorted(entries):
        kind, values = entries[tag]
        packed = struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(packed) > 4:
            where = struct.pack(order + "I", behind + len(more))
            more += packed
        else:
            where = packed.ljust(4, b"\0")
        directory += struct.pack(order + "HHI", tag, kind, len(values)) + where
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, first)
    (here / name).write_bytes(head + data + struct.pack(order + "H", len(entries)) + directory + bytes(4) + more)


def tiffs():
    picture = Image.fromarray(rgb)
    for name, compression in {"raw": None, "lzw": "tiff_lzw", "deflate": "tiff_adobe_deflate", "packbits": "packbits",
                              "jpeg": "jpeg"}.items():
        picture.save(here / f"{name}.tif", compression=compression)
        expect_opencv(f"{name}.tif")
    Image.fromarray(((x * y) % 3 > 0)).convert("1").save(here / "fax.tif", compression="group4")
    expect_opencv("fax.tif")
    picture.quantize(16).save(here / "palette.tif")
    expect_opencv("palette.tif")
    tags = {256: [W], 257: [H], 258: [8, 8, 8], 259: [1], 262: [2], 277: [3], 278: [5]}
    wide = rgb.astype(np.uint16) * 256 + 200
    strips = [wide[i:i + 5].astype(">u2").tobytes() for i in range(0, H, 5)]
    write_tiff("big_endian16.tif", ">", tags | {258: [16, 16, 16]}, strips)
    grey16 = (x * 2800 + y * 7).astype("<u2")
    write_tiff("grey16.tif", "<", tags | {258: [16], 262: [1], 277: [1], 278: [H]}, [grey16.tobytes()])
    expect_opencv("big_endian16.tif")
    expect_opencv("grey16.tif")
    # what follows is said by the samples: imread multiplies colours by alpha, and 5.0 fails on a turned TIFF
    planes = [rgb[i:i + 5, :, c].tobytes() for c in range(3) for i in range(0, H, 5)]
    write_tiff("planes.tif", "<", tags | {284: [2]}, planes)
    padded = np.zeros((32, 32, 3), np.uint8)
    padded[:H, :W] = rgb
    tiles = [padded[j:j + 16, i:i + 16].tobytes() for j in (0, 16) for i in (0, 16)]
    tiled = {tag: values for tag, values in tags.items() if tag != 278} | {322: [16], 323: [16]}
    write_tiff("tiles.tif", "<", tiled, tiles, 324, 325)
    rgba = np.dstack([rgb, (x * 11).astype(np.uint8)])
    for name, kind in ("alpha.tif", 2), ("premultiplied.tif", 1):
        write_tiff(name, "<", tags | {258: [8] * 4, 277: [4], 338: [kind]},
                   [rgba[i:i + 5].tobytes() for i in range(0, H, 5)])
    for name in "planes.tif", "tiles.tif", "alpha.tif", "premultiplied.tif":
        write_ppm(name, rgb)
    for orientation, upright in (2, rgb[:, ::-1]), (6, np.rot90(rgb, -1)), (8, np.rot90(rgb)):
        write_tiff(f"turned{orientation}.tif", "<", tags | {274: [orientation]},
                   [rgb[i:i + 5].tobytes() for i in range(0, H, 5)])
        write_ppm(f"turned{orientation}.tif", upright)


def gif_codes(indices, bits):
    """LZW that never grows a code: a clear code before the table has more than its first entries."""
    clear, out, n_out, codes = 1 << bits, 0, 0, []
    for i, value in enumerate(indices):
        if i % ((1 << bits) - 2) == 0:
            codes.append(clear)
        codes.append(int(value))
    codes.append(clear + 1)
    for code in codes:
        out |= code << n_out
        n_out += bits + 1
    data = out.to_bytes((n_out + 7) // 8, "little")
    return bytes([bits]) + b"".join(bytes([len(part)]) + part
                                    for part in (data[i:i + 255] for i in range(0, len(data), 255))) + b"\0"


def write_gif(name, width, height, palette, background, frames):
    """frames: (left, top, indices [h][w], transparent index or None, interlaced)."""
    bits = len(palette).bit_length() - 1
    out = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80 | (bits - 1), background, 0) + palette.tobytes()
    for left, top, indices, transparent, interlaced in frames:
        h, w = indices.shape
        if transparent is not None:
            out += b"\x21\xf9\x04" + bytes([1, 0, 0, transparent, 0])
        rows = [*range(0, h, 8), *range(4, h, 8), *range(2, h, 4), *range(1, h, 2)] if interlaced else range(h)
        out += b"\x2c" + struct.pack("<HHHHB", left, top, w, h, 0x40 if interlaced else 0)
        out += gif_codes(np.concatenate([indices[r] for r in rows]), max(2, bits))
    (here / name).write_bytes(out + b";")


def gifs():
    palette = rng.integers(0, 256, (16, 3)).astype(np.uint8)
    indices = (x * y) % 16
    write_gif("plain.gif", W, H, palette, 0, [(0, 0, indices, None, 0)])
    write_gif("interlaced.gif", W, H, palette, 0, [(0, 0, indices, None, 1)])
    write_gif("film.gif", W, H, palette, 0, [(0, 0, indices, None, 0), (0, 0, 15 - indices, None, 0)])
    write_gif("part.gif", W, H, palette, 5, [(3, 2, indices[:9, :14], None, 1)])
    Image.fromarray(rgb).save(here / "long_codes.gif")
    for name in "plain.gif", "interlaced.gif", "film.gif", "part.gif", "long_codes.gif":
        expect_opencv(name)
    # imread shows the background where a picture is transparent; here its pixels have the colour of their index
    write_gif("transparent.gif", W, H, palette, 5, [(0, 0, indices, 3, 0)])
    write_ppm("transparent.gif", palette[indices])


def avifs():
    picture = Image.fromarray(rgb)
    rgba = Image.fromarray(np.dstack([rgb, (x * 11).astype(np.uint8)]))
    picture.save(here / "lossless.avif", quality=100, subsampling="4:4:4")
    picture.save(here / "lossy.avif", quality=80)
    rgba.save(here / "alpha.avif", quality=100, subsampling="4:4:4")
    exif = Image.Exif()
    for orientation in range(2, 9):
        exif[0x0112] = orientation
        picture.save(here / f"turned{orientation}.avif", quality=100, subsampling="4:4:4", exif=exif)
    for path in sorted(here.glob("*.avif")):
        expect_pillow(path.name)


def heifs():
    picture = Image.fromarray(rgb)
    picture.save(here / "lossless.heic", quality=-1, chroma=444, matrix_coefficients=0)
    picture.save(here / "lossy.heic", quality=80)
    Image.fromarray(np.dstack([rgb, (x * 11).astype(np.uint8)])).save(here / "alpha.heic", quality=-1, chroma=444,
                                                                     matrix_coefficients=0)
    for path in sorted(here.glob("*.heic")):
        expect_pillow(path.name)


def damaged():
    """JPEGs that are broken or cut: imread fills in what is missing."""
    y, x = np.mgrid[0:60, 0:80]
    picture = Image.fromarray(np.stack([x * 3, y * 4, (x * y) % 256], 2).astype(np.uint8))
    for name, options in {"damaged": {"restart_marker_rows": 1}, "damaged_progressive": {"progressive": True}}.items():
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=60, **options)
        data = bytearray(out.getvalue())
        at = len(data) * (6 if name == "damaged" else 9) // 10  # of the other, inside its last scan
        data[at:at + 12] = b"\x12\x34\x56\x78" * 3
        (here / f"{name}.jpg").write_bytes(data)
        (here / f"{name.replace('damaged', 'cut')}.jpg").write_bytes(out.getvalue()[:at])
    for name in "damaged.jpg", "cut.jpg", "damaged_progressive.jpg", "cut_progressive.jpg":
        expect_opencv(name)


for kind in sys.argv[1:] or ("jpegs", "pngs", "webps", "bmps", "tiffs", "gifs", "avifs", "heifs", "damaged"):
    globals()[kind]()
