#!/usr/bin/env python3
"""Train a part of the network that ships on a CUDA device with PyTorch: minutes there, where `hrnet train` takes hours.

    train_gpu.py pack DATA SET:SPLIT... -o FILE       photographs and labels of DATA/SET (COCO format) into one file
    train_gpu.py train RECIPE.yaml --packs FILE... --seconds S -o DIR [--init WEIGHTS.pth] [--batch N]
                 [--part LEFT RIGHT ...] [--probe]

The recipe is a configuration of `hrnet train` with Gaussian (UDP) targets and a second set in DATASET.MORE_SETS; read are
MODEL, TRAIN.{BATCH_SIZE_PER_GPU,LR,WD,EMA,SEED} and DATASET.{ROT_FACTOR,SCALE_FACTOR,PROB_HALF_BODY,
NUM_JOINTS_HALF_BODY,COLOR_JITTER,COARSE_DROPOUT,BOX_JITTER,MORE_SETS[0].WEIGHT}. What differs from `hrnet train`:

    schedule     a cosine that ends S seconds after the start, whatever the device does in that time
    augmentation see Augment
    second set   its labels are mended once (see clean), and its share falls to a quarter in the last 60 %
    arithmetic   convolutions in bfloat16; weights, averages and the loss in float32
    --part       the error of LEFT's map minus RIGHT's weighs more: 5-fold at first, like any other after 60 % of the time

What comes out is DIR/final_state.pth, the averaged weights in half precision under the published names, which `hrnet eval`
scores and TRAIN.INIT takes, and DIR/train.jsonl, which `hrnet train --config RECIPE.yaml --plot -o DIR` draws.

Needs torch, numpy and Pillow, and PyYAML for recipes. Nothing of the library or the command needs this file.
"""
import argparse
import copy
import functools
import io
import json
import math
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench", "peers"))
from torch_hrnet import PoseHRNet  # noqa: E402: the network that speed is compared with is the one trained here

# COCO's joints: left and right exchanged, upper body, the k_i of OKS.
FLIPPED = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15)
N_UPPER = 11
SIGMAS = (.026, .025, .025, .035, .035, .079, .079, .072, .072, .062, .062, .107, .107, .087, .087, .089, .089)


@functools.lru_cache(maxsize=None)
def constant(values, device):
    """A tensor of these numbers, copied to the device once: a copy waits for all that the device has to do."""
    return torch.tensor(values, device=device)


# ------------------------------------------------------------------------------------------------ packs
def pack(args):
    """One .npz: bytes of WebP pictures one after the other, and of each person box, area, keypoints and set."""
    from PIL import Image
    blobs, sizes, persons = [], [], []
    for number, name in enumerate(args.sets):
        set_name, split = name.split(":")
        folder = os.path.join(args.data, set_name)
        with open(os.path.join(folder, "annotations", f"person_keypoints_{split}.json")) as f:
            labels = json.load(f)
        index = {}
        for image in labels["images"]:
            index[image["id"]] = len(blobs)
            picture = Image.open(os.path.join(folder, "images", split, image["file_name"])).convert("RGB")
            out = io.BytesIO()
            picture.save(out, "WEBP", quality=args.quality, method=4)
            blobs.append(out.getvalue())
            sizes.append(picture.size)
        for a in labels["annotations"]:
            if a["iscrowd"] or not a["num_keypoints"] or not a["area"] > 0:
                continue
            x, y, w, h = a["bbox"]
            width, height = sizes[index[a["image_id"]]]
            x1, y1 = max(0, x), max(0, y)  # as upstream clips boxes
            x2, y2 = min(width - 1, x1 + max(0, w - 1)), min(height - 1, y1 + max(0, h - 1))
            if x2 >= x1 and y2 >= y1:
                persons.append([number, index[a["image_id"]], a["area"], x1, y1, x2 - x1, y2 - y1, *a["keypoints"]])
    np.savez(args.output, names=np.array(args.sets), sizes=np.array(sizes, np.int32),
             ends=np.cumsum([len(b) for b in blobs]), bytes=np.frombuffer(b"".join(blobs), np.uint8),
             persons=np.array(persons, np.float32))
    print(f"{args.output}: {len(blobs)} pictures, {len(persons)} persons, {sum(map(len, blobs)) / 1e6:.1f} MB")


class People:
    """Photographs [n, side, side, 3] with zeros to the right and below, and persons as tensors on one device."""

    def __init__(self, paths, device):
        from PIL import Image
        jobs, persons, self.names = [], [], []
        for path in paths:
            p = np.load(path)
            data, ends = p["bytes"].tobytes(), p["ends"]
            rows = p["persons"].copy()
            rows[:, 0] += len(self.names)
            rows[:, 1] += len(jobs)
            persons.append(rows)
            self.names += [str(n) for n in p["names"]]
            jobs += [(data[e0:e1], size) for e0, e1, size in zip([0, *ends[:-1]], ends, p["sizes"])]
        side = int(max(max(size) for _, size in jobs))
        pixels = np.zeros((len(jobs), side, side, 3), np.uint8)

        def decode(i):
            picture = np.asarray(Image.open(io.BytesIO(jobs[i][0])).convert("RGB"))
            pixels[i, :picture.shape[0], :picture.shape[1]] = picture

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            list(threads.map(decode, range(len(jobs))))
        rows = torch.from_numpy(np.concatenate(persons))
        self.pixels = torch.from_numpy(pixels).to(device)
        self.set = rows[:, 0].long().to(device)
        self.image = rows[:, 1].long().to(device)
        self.area = rows[:, 2].to(device)
        self.box = rows[:, 3:7].to(device)
        self.joints = rows[:, 7:].reshape(-1, 17, 3).to(device)


# ------------------------------------------------------------------------------------------------ the network
def flatten(tree, prefix=""):
    """{"MODEL": {"SIGMA": 2}} to {"MODEL.SIGMA": 2}"""
    flat = {}
    for key, value in tree.items():
        flat.update(flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value})
    return flat


def read_net(recipe, weights=None):
    """The network of a recipe with random weights or those of a file, for inference, and the recipe."""
    import yaml
    with open(recipe) as f:
        config = yaml.safe_load(f)
    torch.manual_seed(config["TRAIN"].get("SEED", 1))
    net = PoseHRNet(flatten(config))
    for m in net.modules():  # as published
        if isinstance(m, nn.Conv2d):
            nn.init.normal_(m.weight, std=0.001)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
    if weights:
        net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return net.float().eval(), config


# ------------------------------------------------------------------------------------------------ examples
def to_image_matrix(center, size, rotation, flip, width, height):
    """[n,2,3]: crop pixels to picture pixels, unbiased (UDP): the box covers the grid between pixel centres."""
    c, s = torch.cos(rotation), torch.sin(rotation)
    sx, sy = size[:, 0] / (width - 1), size[:, 1] / (height - 1)
    sx = torch.where(flip, -sx, sx)
    a = torch.stack([torch.stack([c * sx, -s * sy], 1), torch.stack([s * sx, c * sy], 1)], 1)
    middle = constant(((width - 1) / 2, (height - 1) / 2), center.device)
    return torch.cat([a, (center - a @ middle)[:, :, None]], 2)


def cut(people, image, matrix, width, height):
    """Crops [n,3,height,width], 0..255, zeros outside the picture."""
    side = people.pixels.shape[1]
    pictures = people.pixels[image].permute(0, 3, 1, 2).float()
    v, u = torch.meshgrid(torch.arange(height, device=matrix.device), torch.arange(width, device=matrix.device),
                          indexing="ij")
    grid = torch.stack([u, v, torch.ones_like(u)], 2).float() @ matrix.transpose(1, 2)[:, None]
    grid = grid * (2 / (side - 1)) - 1
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=True)


def around(aspect, w, h):
    """Sizes [n,2] of the smallest boxes of that width to height around boxes of w and h [n]."""
    return torch.stack([torch.maximum(w, aspect * h), torch.maximum(h, w / aspect)], 1)


class Crops:
    """Where persons stand, from boxes: hrnet_crop_from_box."""

    def __init__(self, people, width, height):
        x, y, w, h = people.box.unbind(1)
        self.center = torch.stack([x + w / 2, y + h / 2], 1)
        self.size = 1.25 * around(width / height, w, h)


class Augment:
    """As `hrnet train` does, and besides: stretch and shear by up to a tenth, grey and blurred crops, large pieces of
    another crop before the person (chance 0.2), holes of any colour."""

    def __init__(self, config, people, width, height):
        self.d, self.people, self.width, self.height = config["DATASET"], people, width, height
        self.crops = Crops(people, width, height)

    def half_body(self, joints, center, size):
        n, device = len(joints), joints.device
        visible = joints[:, :, 2] > 0
        tried = (visible.sum(1) > self.d.get("NUM_JOINTS_HALF_BODY", 8)) & \
            (torch.rand(n, device=device) < self.d.get("PROB_HALF_BODY", 0))
        is_upper = torch.arange(17, device=device) < N_UPPER
        n_upper, n_lower = (visible & is_upper).sum(1), (visible & ~is_upper).sum(1)
        upper = ((torch.rand(n, device=device) < 0.69) & (n_upper > 2)) | (n_lower <= 2)
        chosen = visible & (is_upper[None] == upper[:, None])
        xy = joints[:, :, :2]
        low = torch.where(chosen[:, :, None], xy, torch.inf).amin(1)
        high = torch.where(chosen[:, :, None], xy, -torch.inf).amax(1)
        w, h = (high - low).unbind(1)
        half = 1.5 * around(self.width / self.height, w, h)
        middle = (xy * chosen[:, :, None]).sum(1) / chosen.sum(1, keepdim=True)
        used = (tried & (chosen.sum(1) >= 2) & (half > 1).all(1))[:, None]
        return torch.where(used, middle, center), torch.where(used, half, size)

    def colors(self, x):
        """x [n,3,h,w], 0..1."""
        n, device = len(x), x.device

        def draw(low, high, neutral, chance):
            value = torch.rand(n, device=device) * (high - low) + low
            return torch.where(torch.rand(n, device=device) < chance, value, neutral)[:, None, None, None]

        used = torch.rand(n, device=device) < self.d.get("COLOR_JITTER", 0)
        y = (x + draw(-0.125, 0.125, 0.0, 0.5)) * draw(0.5, 1.5, 1.0, 0.5)
        grey_of = constant((0.299, 0.587, 0.114), device)[None, :, None, None]
        grey = (y * grey_of).sum(1, keepdim=True)
        y = grey + (y - grey) * torch.where(torch.rand(n, 1, 1, 1, device=device) < 0.1, 0, draw(0.5, 1.5, 1.0, 0.5))
        # hue: a turn about the axis of greys
        t = draw(-0.6, 0.6, 0.0, 0.5)[:, 0, 0, 0]
        cos, sin = torch.cos(t), torch.sin(t) / math.sqrt(3)
        one = (1 - cos) / 3
        turn = torch.stack([cos + one, one - sin, one + sin, one + sin, cos + one, one - sin, one - sin, one + sin,
                            cos + one], 1).reshape(n, 3, 3)
        y = torch.einsum("nij,njhw->nihw", turn, y).clamp(0, 1)
        small = F.interpolate(F.avg_pool2d(y, 2), scale_factor=2, mode="bilinear", align_corners=False)
        y = torch.where((torch.rand(n, device=device) < 0.2)[:, None, None, None], small, y)
        return torch.where(used[:, None, None, None], y, x)

    def rectangles(self, n, count, low, high, device):
        """Masks [n,count,h,w] of rectangles with sides of low..high pixels of a crop of 256x192."""
        unit = math.sqrt(self.width * self.height / (256 * 192))
        w, h = (low + (high - low) * torch.rand(2, n, count, 1, 1, device=device)) * unit
        x = torch.rand(n, count, 1, 1, device=device) * (self.width - w)
        y = torch.rand(n, count, 1, 1, device=device) * (self.height - h)
        u = torch.arange(self.width, device=device)
        v = torch.arange(self.height, device=device)[:, None]
        return (u >= x) & (u < x + w) & (v >= y) & (v < y + h)

    def cover(self, x):
        n, device = len(x), x.device
        piece = self.rectangles(n, 1, 30, 110, device)[:, 0] & (torch.rand(n, 1, 1, device=device) < 0.2)
        x = torch.where(piece[:, None], x.roll(1, 0), x)
        active = (torch.arange(8, device=device) < torch.randint(1, 9, (n, 1), device=device)) & \
            (torch.rand(n, 1, device=device) < self.d.get("COARSE_DROPOUT", 0))
        holes = (self.rectangles(n, 8, 10, 40, device) & active[:, :, None, None]).any(1)
        color = torch.where(torch.rand(n, 1, 1, 1, device=device) < 0.5, 0, torch.rand(n, 3, 1, 1, device=device))
        return torch.where(holes[:, None], color, x)

    def __call__(self, who):
        people, device = self.people, who.device
        n = len(who)
        joints = people.joints[who]
        center, size = self.half_body(joints, self.crops.center[who], self.crops.size[who])
        jitter = (torch.rand(n, 1, device=device) < self.d.get("BOX_JITTER", 0)) * 0.16
        center = center + (torch.rand(n, 2, device=device) * 2 - 1) * jitter * size
        f = self.d["SCALE_FACTOR"]
        size = size * (torch.randn(n, 1, device=device) * f + 1).clamp(1 - f, 1 + f)
        size = size * (1 + (torch.rand(n, 2, device=device) * 2 - 1) * 0.1)
        r = self.d["ROT_FACTOR"]
        rotation = (torch.randn(n, device=device) * r).clamp(-2 * r, 2 * r) * (torch.rand(n, device=device) <= 0.6)
        flip = torch.rand(n, device=device) < 0.5
        m = to_image_matrix(center, size, rotation * (math.pi / 180), flip, self.width, self.height)
        shear = (torch.rand(n, device=device) * 2 - 1) * 0.1
        m[:, :, 1] += m[:, :, 0] * shear[:, None]
        m[:, :, 2] -= m[:, :, 0] * (shear * (self.height - 1) / 2)[:, None]
        x = self.cover(self.colors(cut(people, people.image[who], m, self.width, self.height) / 255))
        at = joints_in_crop(joints, m)
        exchanged = constant(FLIPPED, device)
        at = torch.where(flip[:, None, None], at[:, exchanged], at)
        return normalise(x), at


def joints_in_crop(joints, matrix):
    x, y = (joints[:, :, :2] - matrix[:, None, :, 2]).unbind(2)
    a, b, c, d = (matrix[:, i, j, None] for i in (0, 1) for j in (0, 1))
    determinant = a * d - b * c
    return torch.stack([(d * x - b * y) / determinant, (a * y - c * x) / determinant, joints[:, :, 2]], 2)


def normalise(x):
    mean = constant((0.485, 0.456, 0.406), x.device)[:, None, None]
    std = constant((0.229, 0.224, 0.225), x.device)[:, None, None]
    return (x - mean) / std


def targets(joints, size, map_size, sigma):
    """Gaussian patches around exact centres, and the joints' weights [n,17]."""
    (w, h), (mw, mh) = size, map_size
    x = joints[:, :, 0] * ((mw - 1) / (w - 1))
    y = joints[:, :, 1] * ((mh - 1) / (h - 1))
    cx, cy = torch.trunc(x + 0.5), torch.trunc(y + 0.5)
    radius = 3 * sigma
    inside = (cx - radius < mw) & (cy - radius < mh) & (cx + radius + 1 >= 0) & (cy + radius + 1 >= 0)
    weight = ((joints[:, :, 2] > 0) & inside).float()
    u, v = torch.arange(mw, device=x.device), torch.arange(mh, device=x.device)
    gx = torch.exp(-(u - x[..., None])**2 / (2 * sigma**2)) * ((u - cx[..., None]).abs() <= radius)
    gy = torch.exp(-(v - y[..., None])**2 / (2 * sigma**2)) * ((v - cy[..., None]).abs() <= radius)
    return gy[..., :, None] * gx[..., None, :] * weight[..., None, None], weight


# ------------------------------------------------------------------------------------------------ judging
def whole_boxes(people, who, config):
    """Crops for the network, and their matrices to picture pixels."""
    width, height = config["MODEL"]["IMAGE_SIZE"]
    crops = Crops(people, width, height)
    none = torch.zeros(len(who), device=who.device)
    m = to_image_matrix(crops.center[who], crops.size[who], none, none > 0, width, height)
    return normalise(cut(people, people.image[who], m, width, height) / 255), m


@torch.no_grad()
def heatmaps(net, people, who, config):
    """Maps of whole boxes, mean of the crop and its mirror image."""
    x, m = whole_boxes(people, who, config)
    x = x.to(memory_format=torch.channels_last)
    with torch.autocast(x.device.type, dtype=torch.bfloat16, enabled=x.is_cuda):
        maps = net(x).float()
        maps = (maps + net(x.flip(3)).float().flip(3)[:, constant(FLIPPED, x.device)]) / 2
    return maps, m


@torch.no_grad()
def judge(net, people, which, config):
    """Mean OKS, and the share of persons with more than 0.5 and 0.75, of a set; peaks moved by a quarter cell."""
    (width, height), (mw, mh) = config["MODEL"]["IMAGE_SIZE"], config["MODEL"]["HEATMAP_SIZE"]
    found, losses = [], []
    for who in which.split(128):
        maps, m = heatmaps(net, people, who, config)
        joints = people.joints[who]
        goal, weight = targets(joints_in_crop(joints, m), (width, height), (mw, mh), config["MODEL"]["SIGMA"])
        losses.append((0.5 * (maps - goal)**2 * weight[..., None, None]).mean((1, 2, 3)))
        peak = maps.flatten(2).argmax(2)
        px, py = peak % mw, peak // mw
        padded = F.pad(maps, (1, 1, 1, 1), mode="replicate").flatten(2)

        def at(dx, dy):
            return padded.gather(2, ((py + 1 + dy) * (mw + 2) + px + 1 + dx)[..., None])[..., 0]

        x = px + 0.25 * torch.sign(at(1, 0) - at(-1, 0))
        y = py + 0.25 * torch.sign(at(0, 1) - at(0, -1))
        place = torch.stack([x * ((width - 1) / (mw - 1)), y * ((height - 1) / (mh - 1)), torch.ones_like(x)], 2)
        d2 = ((place @ m.transpose(1, 2) - joints[:, :, :2])**2).sum(2)
        k = 2 * constant(SIGMAS, x.device)
        oks = torch.exp(-d2 / (2 * people.area[who, None] * k**2))
        labelled = joints[:, :, 2] > 0
        found.append((oks * labelled).sum(1) / labelled.sum(1))
    oks = torch.cat(found)
    return oks.mean().item(), (oks > 0.5).float().mean().item(), (oks > 0.75).float().mean().item(), \
        torch.cat(losses).mean().item()


@torch.no_grad()
def clean(net, people, which, config):
    """Mend labels of a set with one in ten wrong: left and right are exchanged where the network, shown the whole box,
    is much nearer to that; the persons it is then furthest from (2 %) are left out. -> persons that stay."""
    (width, height), (mw, mh) = config["MODEL"]["IMAGE_SIZE"], config["MODEL"]["HEATMAP_SIZE"]
    exchanged = constant(FLIPPED, which.device)
    as_is, turned = [], []
    for who in which.split(128):
        maps, m = heatmaps(net, people, who, config)
        for joints, losses in ((people.joints[who], as_is), (people.joints[who][:, exchanged], turned)):
            goal, weight = targets(joints_in_crop(joints, m), (width, height), (mw, mh), config["MODEL"]["SIGMA"])
            losses.append(((maps - goal)**2 * weight[..., None, None]).sum((1, 2, 3)) / (goal**2).sum((1, 2, 3)))
    as_is, turned = torch.cat(as_is), torch.cat(turned)
    swap = turned < 0.6 * as_is
    people.joints[which[swap]] = people.joints[which[swap]][:, exchanged]
    loss = torch.minimum(as_is, turned)
    stays = which[loss <= torch.quantile(loss, 0.98)]
    print(f"labels: {int(swap.sum())} of {len(which)} exchanged, {len(which) - len(stays)} left out", flush=True)
    return stays


# ------------------------------------------------------------------------------------------------ training
def losses(maps, goal, weight, pairs):
    """JointsMSELoss, and the same of the pairs' differences."""
    error = maps - goal
    apart = sum(((0.5 * (error[:, a] - error[:, b])**2 * (weight[:, a] * weight[:, b])[:, None, None]).mean()
                 for a, b in pairs), torch.zeros((), device=maps.device)) / maps.shape[1]
    return (0.5 * error**2 * weight[..., None, None]).mean(), apart


class Step:
    """One forward and backward pass, replayed as a CUDA graph where that works."""

    def __init__(self, net, batch, config, device, pairs):
        (width, height), (mw, mh) = config["MODEL"]["IMAGE_SIZE"], config["MODEL"]["HEATMAP_SIZE"]
        self.net, self.pairs = net, pairs
        self.weight_apart = torch.zeros((), device=device)
        self.x = torch.zeros(batch, 3, height, width, device=device).to(memory_format=torch.channels_last)
        self.goal = torch.zeros(batch, 17, mh, mw, device=device)
        self.weight = torch.zeros(batch, 17, device=device)
        self.graph = None
        if device.type != "cuda":
            return
        state = copy.deepcopy(net.state_dict())
        try:
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(3):
                    net.zero_grad(set_to_none=True)
                    self.compute()
            torch.cuda.current_stream().wait_stream(side)
            net.zero_grad(set_to_none=True)
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                self.loss = self.compute()
        except Exception as e:  # a slower way is better than none: device time is short
            print(f"no graph: {e}", flush=True)
            self.graph = None
            torch.cuda.synchronize()
        net.load_state_dict(state)

    def compute(self):
        with torch.autocast(self.x.device.type, dtype=torch.bfloat16, enabled=self.x.is_cuda):
            maps = self.net(self.x)
        loss, apart = losses(maps.float(), self.goal, self.weight, self.pairs)
        ((loss + self.weight_apart * apart) * 1000).backward()
        return loss.detach()

    def __call__(self, x, goal, weight, weight_apart):
        self.weight_apart.fill_(weight_apart)
        self.x.copy_(x)
        self.goal.copy_(goal)
        self.weight.copy_(weight)
        if self.graph is not None:
            self.graph.replay()
        else:
            self.net.zero_grad(set_to_none=True)
            self.loss = self.compute()
        return self.loss


class Shuffle:
    """Indices without end, every one once before any twice."""

    def __init__(self, indices):
        self.indices, self.left = indices, indices[:0]

    def take(self, n):
        while len(self.left) < n:
            order = torch.randperm(len(self.indices), device=self.indices.device)
            self.left = torch.cat([self.left, self.indices[order]])
        taken, self.left = self.left[:n], self.left[n:]
        return taken


def adamw(parameters, rate, decay, **options):
    """Decay of kernels alone: not of biases and normalisation."""
    parameters = list(parameters)
    return torch.optim.AdamW([{"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
                              {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0}],
                             lr=rate, **options)


def save(net, path, dtype):
    state = {k: (v.to(dtype) if v.is_floating_point() else v).cpu().contiguous() for k, v in net.state_dict().items()}
    torch.save(state, path + ".part")
    os.replace(path + ".part", path)


def train(args):
    began = time.time()
    net, config = read_net(args.recipe, args.init)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    (width, height), map_size = config["MODEL"]["IMAGE_SIZE"], config["MODEL"]["HEATMAP_SIZE"]
    net = net.train().to(device).to(memory_format=torch.channels_last)
    ema = copy.deepcopy(net).eval().requires_grad_(False)
    people = People(args.packs, device)
    of_set = {name: (people.set == i).nonzero()[:, 0] for i, name in enumerate(people.names)}
    valid = next((v for k, v in of_set.items() if k.endswith(":valid")), None)
    main = Shuffle(next(v for k, v in of_set.items() if k.startswith("coco") and k.endswith(":train")))
    more_set = next((v for k, v in of_set.items() if k.startswith("lspet")), None)
    more = Shuffle(more_set) if more_set is not None else None
    print(f"{time.time() - began:.1f} s: {[(k, len(v)) for k, v in of_set.items()]}, "
          f"pictures {people.pixels.nbytes / 1e9:.1f} GB on {device}", flush=True)
    if valid is not None:
        print("before: OKS %.4f, >.5 %.4f, >.75 %.4f, loss %.6f" % judge(ema, people, valid, config), flush=True)

    t = config["TRAIN"]
    batch, peak = args.batch or t["BATCH_SIZE_PER_GPU"], t["LR"]
    augment = Augment(config, people, width, height)
    step = Step(net, batch, config, device, args.part)
    print(f"{time.time() - began:.1f} s: graph {'captured' if step.graph else 'absent'}", flush=True)
    optimizer = adamw(net.parameters(), peak, t["WD"], fused=device.type == "cuda")
    pairs = [(e, n) for e, n in zip(ema.state_dict().values(), net.state_dict().values()) if e.is_floating_point()]
    averages, values = [e for e, _ in pairs], [n for _, n in pairs]
    weight = next((s.get("WEIGHT", 1.0) for s in config["DATASET"].get("MORE_SETS", [])), 0)
    share0 = weight * len(more.indices) / (weight * len(more.indices) + len(main.indices)) if more else 0
    epoch = len(main.indices) + (weight * len(more.indices) if more else 0)  # examples
    is_clean = False
    os.makedirs(args.output, exist_ok=True)
    start = last_judged = time.time()
    n_steps, sum_loss, n_loss = 0, torch.zeros((), device=device), 0
    while True:
        elapsed = time.time() - start
        progress = elapsed / (began + args.seconds - start)
        if progress >= 1 or n_steps == args.steps:
            break
        if more and not is_clean and progress > 0.4:
            more, is_clean = Shuffle(clean(ema, people, more_set, config)), True
        rate = peak * min(1, (n_steps + 1) / 200) * (0.5 * (1 + math.cos(math.pi * progress)) + 0.001)
        for group in optimizer.param_groups:
            group["lr"] = rate
        # the set of other photographs and other habits of labelling fades out
        share = share0 * (1 if progress < 0.4 else max(0.25, 1 - (progress - 0.4) / 0.4)) if more else 0
        n_more = int(round(batch * share))
        who = torch.cat([main.take(batch - n_more), more.take(n_more)]) if n_more else main.take(batch)
        with torch.no_grad():
            x, joints = augment(who)
            goal, joint_weight = targets(joints, (width, height), map_size, config["MODEL"]["SIGMA"])
        sum_loss += step(x, goal, joint_weight, 2 * max(0, 1 - progress / 0.6))
        optimizer.step()
        n_steps += 1
        n_loss += 1
        decay = min(t["EMA"], (1 + n_steps) / (10 + n_steps))
        torch._foreach_lerp_(averages, values, 1 - decay)
        if n_steps % 20 == 0 and device.type == "cuda":
            torch.cuda.synchronize()
        if n_steps in (50, 200):
            print(f"{n_steps * batch / (time.time() - start):.0f} examples/s at step {n_steps}", flush=True)
        if not args.probe and (time.time() - last_judged > args.every):
            last_judged = time.time()
            report = {"step": n_steps, "epoch": int(n_steps * batch / epoch), "time": last_judged,
                      "train_loss": sum_loss.item() / n_loss, "learning_rate": rate,
                      "samples_per_second": n_steps * batch / (last_judged - start)}
            if valid is not None:
                report.update(zip(("OKS", "OKS .5", "OKS .75", "valid_loss"), judge(ema, people, valid, config)))
            with open(os.path.join(args.output, "train.jsonl"), "a") as log:
                log.write(json.dumps(report) + "\n")
            print(f"{elapsed:.0f} s: {report}", flush=True)
            sum_loss.zero_()
            n_loss = 0
            save(ema, os.path.join(args.output, "final_state.pth"), torch.half)
    if device.type == "cuda":
        torch.cuda.synchronize()
        print(f"memory {torch.cuda.max_memory_allocated() / 1e9:.1f} GB", flush=True)
    seconds = time.time() - start
    print(f"{n_steps} steps of {batch} in {seconds:.0f} s: {n_steps * batch / seconds:.0f} examples/s", flush=True)
    if valid is not None and not args.probe:
        print("after: OKS %.4f, >.5 %.4f, >.75 %.4f, loss %.6f" % judge(ema, people, valid, config), flush=True)
    save(ema, os.path.join(args.output, "final_state.pth"), torch.half)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    p = commands.add_parser("pack")
    p.add_argument("data")
    p.add_argument("sets", nargs="+")
    p.add_argument("-o", "--output", required=True)
    p.add_argument("--quality", type=int, default=75)
    p.set_defaults(run=pack)
    p = commands.add_parser("train")
    p.add_argument("recipe")
    p.add_argument("--packs", nargs="+", required=True)
    p.add_argument("--init")
    p.add_argument("--seconds", type=float, required=True)
    p.add_argument("--part", nargs=2, type=int, metavar=("LEFT", "RIGHT"), action="append", default=[])
    p.add_argument("--every", type=float, default=45, help="seconds between validations")
    p.add_argument("--batch", type=int)
    p.add_argument("--steps", type=int, default=-1)
    p.add_argument("--probe", action="store_true", help="measure the speed, validate nothing")
    p.add_argument("-o", "--output", required=True)
    p.set_defaults(run=train)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
