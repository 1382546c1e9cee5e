"""Makes the files beside this one with OpenCV 4.6 and numpy, from the formulas of the published code:
crops.txt (center, scale, rotation; matrix; its inverse), crop_source.ppm and crops.ppm (eight 48x64 crops, one under
the other); with OpenCV 5.0 yuv.ppm (made-up planes as cvtColor converts them, I420 and NV12 alike). From decode.npz
(first argument: heatmaps and what the published get_final_preds makes of them), joints 0..5: heatmaps.f32, and
decoded.txt with center, scale, maximum, x y without and with POST_PROCESS, then DARK and UDP
for sigma 2 and 3. From oks_nms.json (second argument: what the published suppressions keep): oks.txt.
"""
import json
import sys
from pathlib import Path

import cv2
import numpy as np

here = Path(__file__).parent
CW, CH = 48, 64


def third(a, b):
    d = a - b
    return b + np.array([-d[1], d[0]], np.float32)


def affine(center, scale, rot, size, inv=False):
    center, scale = np.float32(center), np.float32(scale)
    w = scale[0] * np.float32(200)
    r = np.pi * rot / 180
    src, dst = np.zeros((3, 2), np.float32), np.zeros((3, 2), np.float32)
    src[0] = center
    src[1] = center + np.array([0 - w * -.5 * np.sin(r), w * -.5 * np.cos(r)])
    src[2] = third(src[0], src[1])
    dst[0] = [size[0] * .5, size[1] * .5]
    dst[1] = [size[0] * .5, size[1] * .5 - size[0] * .5]
    dst[2] = third(dst[0], dst[1])
    return cv2.getAffineTransform(dst, src) if inv else cv2.getAffineTransform(src, dst)


def write_ppm(name, pixels):
    (here / name).write_bytes(b"P6\n%d %d\n255\n" % pixels.shape[1::-1] + pixels.tobytes())


def crops():
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:45, 0:61]
    source = np.stack([x * 4, y * 5, (x * y) % 256], 2) + rng.integers(-40, 40, (45, 61, 3))
    source = np.clip(source, 0, 255).astype(np.uint8)
    lines, out = [], []
    for cx, cy, s, rot in [(30, 22, .24, 0), (30.5, 21.3, .31, 37.5), (3.2, 40.1, .2, -60), (55, 5, .05, 12),
                           (31, 22, 1.3, 90), (30, 20, .012, 181), (90, 90, .2, 0), (28.37, 24.11, .217, -7.3)]:
        m = affine((cx, cy), (s, s * 4 / 3), rot, (CW, CH))
        inverse = affine((cx, cy), (s, s * 4 / 3), rot, (CW, CH), True)
        numbers = [cx, cy, s, s * 4 / 3, rot, *m.ravel().tolist(), *inverse.ravel().tolist()]
        lines.append(" ".join(map(repr, numbers)))
        out.append(cv2.warpAffine(source, m, (CW, CH), flags=cv2.INTER_LINEAR))
    (here / "crops.txt").write_text("\n".join(lines) + "\n")
    write_ppm("crop_source.ppm", source)
    write_ppm("crops.ppm", np.vstack(out))


def newton(g, h):
    return -np.linalg.solve(h, g)


def smoothed(hm, kernel):
    border = (kernel - 1) // 2
    pad = cv2.GaussianBlur(np.pad(hm.astype(np.float64), border), (kernel, kernel), 0)
    blurred = pad[border:-border, border:-border]
    return blurred * (hm.max() / blurred.max())


def dark(hm, px, py, kernel):
    f = np.log(np.maximum(smoothed(hm, kernel), 1e-10))
    h, w = hm.shape
    if not (1 < px < w - 2 and 1 < py < h - 2):
        return px, py
    dx, dy = .5 * (f[py, px + 1] - f[py, px - 1]), .5 * (f[py + 1, px] - f[py - 1, px])
    dxx = .25 * (f[py, px + 2] - 2 * f[py, px] + f[py, px - 2])
    dyy = .25 * (f[py + 2, px] - 2 * f[py, px] + f[py - 2, px])
    dxy = .25 * (f[py + 1, px + 1] - f[py - 1, px + 1] - f[py + 1, px - 1] + f[py - 1, px - 1])
    step = newton(np.array([dx, dy]), np.array([[dxx, dxy], [dxy, dyy]]))
    return px + step[0], py + step[1]


def udp(hm, px, py, kernel):
    f = np.log(np.clip(smoothed(hm, kernel), .001, 50))
    f = np.pad(f, 1, mode="edge")
    i, j = px + 1, py + 1
    dx, dy = .5 * (f[j, i + 1] - f[j, i - 1]), .5 * (f[j + 1, i] - f[j - 1, i])
    dxx = f[j, i + 1] - 2 * f[j, i] + f[j, i - 1]
    dyy = f[j + 1, i] - 2 * f[j, i] + f[j - 1, i]
    dxy = .5 * (f[j + 1, i + 1] - f[j, i + 1] - f[j + 1, i] + 2 * f[j, i] - f[j, i - 1] - f[j - 1, i] + f[j - 1, i - 1])
    step = newton(np.array([dx, dy]), np.array([[dxx, dxy], [dxy, dyy]]) + np.finfo(np.float32).eps * np.eye(2))
    return px + step[0], py + step[1]


def decode(path, joints=6):
    golden = np.load(path)
    maps = golden["heatmaps"][:, :joints]
    maps.astype("<f4").tofile(here / "heatmaps.f32")
    lines = []
    for n in range(len(maps)):
        center, scale = golden["center"][n], golden["scale"][n]
        back = affine(center, scale, 0, (48, 64), True)
        box = scale.astype(np.float64) * 200
        for j in range(joints):
            hm = maps[n, j]
            py, px = np.unravel_index(hm.argmax(), hm.shape)
            positive = hm.max() > 0
            if not positive:
                px = py = 0
            row = [*center, *scale, hm.max(), *golden["preds_post0"][n, j], *golden["preds_post1"][n, j]]
            for kernel in (11, 17):  # sigma 2, 3
                row += list(back @ [*(dark(hm, px, py, kernel) if positive else (0, 0)), 1])
                at = np.array(udp(hm, px, py, kernel) if positive else (0, 0))
                row += list(at / (47, 63) * box + center - box / 2)
            lines.append(" ".join(f"{float(v)!r}" for v in row))
    (here / "decoded.txt").write_text("\n".join(lines) + "\n")


def oks(path):
    golden = json.load(open(path))
    lines = []
    for pose, area, score in zip(golden["keypoints"], golden["area"], golden["score"]):
        lines.append(" ".join(f"{v:.9g}" for v in [area, score, *np.ravel(pose)]))
    for kind in "keep", "soft":
        for threshold, kept in golden[kind].items():
            lines.append(" ".join(map(str, [threshold, len(kept), *kept])))
    (here / "oks.txt").write_text("\n".join(lines) + "\n")


def yuv(width=64, height=48):
    y, x = np.mgrid[:height, :width]
    luma = (x * 37 + y * 91).astype(np.uint8)
    y, x = np.mgrid[: height // 2, : width // 2]
    u, v = (x * 53 + y * 29).astype(np.uint8), (x * 17 + y * 83 + 128).astype(np.uint8)
    i420 = np.concatenate([luma.ravel(), u.ravel(), v.ravel()]).reshape(height * 3 // 2, width)
    nv12 = np.concatenate([luma.ravel(), np.stack([u, v], -1).ravel()]).reshape(height * 3 // 2, width)
    rgb = cv2.cvtColor(i420, cv2.COLOR_YUV2RGB_I420)
    assert (rgb == cv2.cvtColor(nv12, cv2.COLOR_YUV2RGB_NV12)).all()
    write_ppm("yuv.ppm", rgb)


crops()
yuv()
decode(sys.argv[1])
oks(sys.argv[2])
