#!/usr/bin/env python3
"""make_sheets.py OUT - contact sheets for test_sheets.c: what the published debug pictures are, computed with torch (the
normalisation), numpy and OpenCV (circles, colour map, reduced pictures). Needs these three.

  input [n][h][w][4], truth [n][joints][3], targets and maps [n][joints][map h][map w] .npy
  gt, pred, hm_gt, hm_pred .ppm   for a network that takes BGR
"""
import os, sys

import cv2
import numpy as np
import torch

out = sys.argv[1]
N, H, W, MH, MW, JOINTS, COLUMNS, BORDER = 9, 24, 16, 6, 4, 3, 8, 2
rng = np.random.default_rng(7)
picture = rng.normal(0, 1.2, (N, 3, H, W)).astype(np.float32)
maps = np.stack([rng.uniform(-0.2, 1.1, (N, JOINTS, MH, MW)), rng.uniform(0, 1, (N, JOINTS, MH, MW))]).astype(np.float32)
maps[0, 2, 1] = -1          # no cell above zero
maps[1, 3, 2] = 0
maps[0, 0, 0, 2, 1] = maps[0, 0, 0, 4, 3] = 1.5  # two highest cells
truth = np.concatenate([rng.uniform(-4, 1.2 * H, (N, JOINTS, 2)), rng.integers(0, 3, (N, JOINTS, 1))], 2).astype(np.float32)
truth[:, 0, 2] = 1
truth[0, 0, :2] = -2.5, -1.5


def peaks(heatmaps):
    flat = heatmaps.reshape(N, JOINTS, -1)
    at, high = flat.argmax(2), flat.max(2)
    return np.stack([at % MW, at // MW], 2) * (high > 0)[:, :, None]


def joints_sheet(joints):
    batch = torch.from_numpy(picture)
    low, high = float(batch.min()), float(batch.max())
    batch = (batch - low) / max(high - low, 1e-5)
    rows = -(-N // COLUMNS)
    sheet = np.zeros((rows * (H + BORDER) + BORDER, COLUMNS * (W + BORDER) + BORDER, 3), np.uint8)
    tiles = batch.mul(255).clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    corners = [(k // COLUMNS * (H + BORDER) + BORDER, k % COLUMNS * (W + BORDER) + BORDER) for k in range(N)]
    for (y, x), tile in zip(corners, tiles):
        sheet[y:y + H, x:x + W] = tile
    for k, (y, x) in enumerate(corners):
        for j in range(JOINTS):
            if truth[k, j, 2]:
                cv2.circle(sheet, (int(x + float(joints[k, j, 0])), int(y + float(joints[k, j, 1]))), 2, [255, 0, 0], 2)
    return sheet


def heatmap_sheet(heatmaps):
    batch = torch.from_numpy(picture)
    low, high = float(batch.min()), float(batch.max())
    batch = (batch - low) / (high - low + 1e-5)
    sheet = np.zeros((N * MH, (JOINTS + 1) * MW, 3))
    dots = peaks(heatmaps)
    for k in range(N):
        small = cv2.resize(batch[k].mul(255).clamp(0, 255).byte().permute(1, 2, 0).numpy(), (MW, MH))
        levels = torch.from_numpy(heatmaps[k]).mul(255).clamp(0, 255).byte().numpy()
        rows = slice(k * MH, k * MH + MH)
        for j in range(JOINTS):
            dot = int(dots[k, j, 0]), int(dots[k, j, 1])
            cv2.circle(small, dot, 1, [0, 0, 255], 1)
            blend = np.ascontiguousarray(cv2.applyColorMap(levels[j], cv2.COLORMAP_JET) * 0.7 + small * 0.3)
            cv2.circle(blend, dot, 1, [0, 0, 255], 1)
            sheet[rows, (j + 1) * MW:(j + 2) * MW] = blend
        sheet[rows, :MW] = small
    return np.clip(np.rint(sheet), 0, 255).astype(np.uint8)


os.makedirs(out, exist_ok=True)
np.save(f"{out}/input.npy", np.concatenate([picture, np.zeros_like(picture[:, :1])], 1).transpose(0, 2, 3, 1).copy())
np.save(f"{out}/truth.npy", truth)
np.save(f"{out}/maps.npy", maps[0])
np.save(f"{out}/targets.npy", maps[1])
stride = np.array([W / MW, H / MH])
cv2.imwrite(f"{out}/gt.ppm", joints_sheet(truth))
cv2.imwrite(f"{out}/pred.ppm", joints_sheet(peaks(maps[0]) * stride))
cv2.imwrite(f"{out}/hm_gt.ppm", heatmap_sheet(maps[1]))
cv2.imwrite(f"{out}/hm_pred.ppm", heatmap_sheet(maps[0]))
