"""Make pipeline_*.npy, what a whole detector finds in yolox_dw_input.ppm, enlarged to 192 pixels: letterbox by cv2.resize, network by
ONNX Runtime, boxes and suppression by NumPy in the published way. make_pipeline.py YOLOX_ONNX RTMDET_ONNX, which
are yolox_dw.pth and rtmdet_nano.pth through `hrnet export --onnx FILE -b 1 --model WEIGHTS MODEL.IMAGE_SIZE "[160, 192]"`;
the networks themselves are compared with the published code elsewhere. Rows: x, y, w, h, score, class."""
import pathlib
import sys

import cv2
import numpy as np
import onnxruntime

here = pathlib.Path(__file__).parent
WIDTH, HEIGHT = 160, 192  # the picture becomes 144x192
picture = cv2.imread(str(here / "yolox_dw_input.ppm"))
height, width = picture.shape[:2]
float32 = np.float32


def letterbox(rounding):
    ratio = min(HEIGHT / height, HEIGHT / width)
    new = int(width * ratio + rounding), int(height * ratio + rounding)
    canvas = np.full((HEIGHT, WIDTH, 3), 114, np.uint8)
    canvas[: new[1], : new[0]] = cv2.resize(picture, new, interpolation=cv2.INTER_LINEAR)
    return canvas.astype(float32), ratio, new


def run(onnx, pixels):
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    outputs = session.run(["head_8", "head_16", "head_32"], {"input": pixels.transpose(2, 0, 1)[None]})
    return [o[0].reshape(o.shape[1], -1).T for o in outputs]  # [cells][channels]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cells(stride):
    columns, rows = np.meshgrid(np.arange(WIDTH // stride), np.arange(HEIGHT // stride))
    return columns.ravel().astype(float32), rows.ravel().astype(float32)


def suppress(boxes, scores, iou, most):
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        overlaps = False
        for k in kept:
            shared = max(0, min(boxes[i, 2], boxes[k, 2]) - max(boxes[i, 0], boxes[k, 0]))
            shared *= max(0, min(boxes[i, 3], boxes[k, 3]) - max(boxes[i, 1], boxes[k, 1]))
            overlaps |= shared / (area[i] + area[k] - shared) > iou
        if not overlaps:
            kept.append(i)
    return kept[:most]


def save(name, boxes, scores, category, iou, most):
    kept = suppress(boxes, scores, iou, most)
    rows = [[b[0], b[1], b[2] - b[0], b[3] - b[1], s, category] for b, s in zip(boxes[kept], scores[kept])]
    print(name, len(scores), len(rows))
    np.save(here / name, np.array(rows, float32))


# YOLOX: class 1 of every cell, at 0.1 and 0.45
pixels, ratio, new = letterbox(0)
boxes, scores = [], []
for stride, out in zip((8, 16, 32), run(sys.argv[1], pixels)):
    column, row = cells(stride)
    x, y = (out[:, 0] + column) * stride, (out[:, 1] + row) * stride
    w, h = np.exp(out[:, 2]) * stride, np.exp(out[:, 3]) * stride
    boxes.append(np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1) / float32(ratio))
    scores.append(sigmoid(out[:, 4]) * sigmoid(out[:, 6]))
boxes, scores = np.concatenate(boxes), np.concatenate(scores)
good = scores >= 0.1
save("pipeline_yolox.npy", boxes[good], scores[good], 1, 0.45, 300)

# RTMDet: the one class, at 0.2 and 0.6, at most 40
pixels, ratio, new = letterbox(0.5)
pixels = (pixels - float32([103.53, 116.28, 123.675])) / float32([57.375, 57.12, 58.395])
boxes, scores = [], []
for stride, out in zip((8, 16, 32), run(sys.argv[2], pixels)):
    column, row = cells(stride)
    far = out[:, :4] * stride
    box = np.stack([column * stride - far[:, 0], row * stride - far[:, 1], column * stride + far[:, 2], row * stride + far[:, 3]], 1)
    box = np.clip(box, 0, float32([WIDTH, HEIGHT, WIDTH, HEIGHT]))
    boxes.append(box / float32([new[0] / width, new[1] / height] * 2))
    scores.append(sigmoid(out[:, 4]))
boxes, scores = np.concatenate(boxes), np.concatenate(scores)
good = (scores > 0.2) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
save("pipeline_rtmdet.npy", boxes[good], scores[good], 0, 0.6, 40)
