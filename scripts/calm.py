#!/usr/bin/env python3
"""Teach a trained network to stay calm where it has not learned anything: on plain surfaces and at the borders of pictures.

    calm.py RECIPE.yaml WEIGHTS.pth --packs COCO.npz -o OUT.pth [--steps 120]

Packs are those of `train_gpu.py pack`; WEIGHTS.pth is what `hrnet convert` makes of any weights. Two cores take ten minutes.

A residual network adds up. Where a picture makes a pattern that training never showed, each block may answer with a little
more of it, and after thirty blocks it is a thousand times as strong as anything else. Heatmaps need not show that: later
layers have learned to subtract it, as far as it appeared in training. But batch normalisation counts it: the variance of the
few wild crops becomes part of the statistics, and as soon as the network is trained on other pictures, without such crops,
the statistics shrink, all gains grow, and the heatmaps of a black picture reach thousands. So, in three steps:

    statistics      of ordinary crops, and weights and biases of the norms with which the network computes what it did
    calm            all weights learn to keep the heatmaps (mean squared error against the network before) while no
                    normalised activation exceeds LIMIT standard deviations, on crops and on plain surfaces
    statistics      again, since wild crops are gone
"""
import argparse
import copy
import math
import time

import torch
import torch.nn as nn

from train_gpu import Augment, People, constant, normalise, read_net, save

LIMIT = 12  # standard deviations; the strongest of an ordinary crop's in half of all layers lie below 6, in all below 32
SHARE_OF_ERROR = 1000  # squared errors of heatmaps are about 1e-5
RATE, WARMUP = 1e-4, 10


def norms(net):
    return [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]


@torch.no_grad()
def renew_statistics(net, batches):
    """Give every norm the mean and variance of its input, and weight and bias with which its output stays what it was."""
    sums = {norm: [0, 0, 0] for norm in norms(net)}

    def count(norm, inputs, output):
        x, total = inputs[0].double(), sums[norm]
        total[0] += x.sum((0, 2, 3))
        total[1] += (x * x).sum((0, 2, 3))
        total[2] += x.numel() // x.shape[1]

    hooks = [norm.register_forward_hook(count) for norm in sums]
    for x in batches:
        net(x)
    for hook in hooks:
        hook.remove()
    for norm, (total, squares, n) in sums.items():
        mean = total / n
        var = (squares / n - mean**2).clamp_min(1e-8)
        slope = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
        norm.bias.copy_(norm.bias.double() + slope * (mean - norm.running_mean.double()))
        norm.weight.copy_(slope * torch.sqrt(var + norm.eps))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(var)


def with_surfaces(pictures):
    """Pictures [n,3,h,w] of 0..1, each made plain as a whole or up to a line, or a slope of colours, or rectangles."""
    n, _, h, w = pictures.shape
    out = pictures.clone()

    def below(size):
        return int(torch.randint(0, size, (1,)))

    for picture in out:
        kind = below(6)
        color = torch.rand(3, 1, 1) if torch.rand(1) < 0.4 else torch.rand(1).expand(3).view(3, 1, 1)
        if torch.rand(1) < 0.3:
            color = torch.zeros(3, 1, 1)
        elif torch.rand(1) < 0.15:
            color = torch.ones(3, 1, 1)
        share = float(torch.rand(1))
        if kind == 0:
            picture[:] = color
        elif kind == 1:
            picture[:, :int(h * share)] = color
        elif kind == 2:
            picture[:, int(h * share):] = color
        elif kind == 3:
            picture[:, :, :int(w * share)] = color
        elif kind == 4:
            slope = torch.linspace(0, 1, h).view(1, h, 1) if torch.rand(1) < 0.5 else torch.linspace(0, 1, w).view(1, 1, w)
            picture[:] = color * slope + torch.rand(3, 1, 1) * (1 - slope)
        else:
            picture[:] = color
            for _ in range(3):
                y, x = below(h - 8), below(w - 8)
                picture[:, y:y + 4 + below(h // 2 - 4), x:x + 4 + below(w // 2 - 4)] = torch.rand(3, 1, 1)
        if torch.rand(1) < 0.3:
            picture[:] = (picture + torch.randn(3, h, w) * 0.03).clamp(0, 1)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("weights")
    parser.add_argument("--packs", nargs="+", required=True)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("-o", "--output", required=True)
    args = parser.parse_args()
    net, config = read_net(args.recipe, args.weights)
    people = People(args.packs, torch.device("cpu"))
    torch.manual_seed(1)
    width, height = config["MODEL"]["IMAGE_SIZE"]
    whole, half = Augment(config, people, width, height), Augment(config, people, width // 2, height // 2)
    before, began = copy.deepcopy(net), time.time()
    mean, std = (constant(v, "cpu").view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))

    def draw(augment, n):
        return augment(torch.randint(0, len(people.set), (n,)))[0].contiguous(memory_format=torch.channels_last)

    renew_statistics(net, (draw(whole, 16) for _ in range(6)))
    strengths = []

    def look(norm, inputs, output):
        rate = torch.rsqrt(norm.running_var + norm.eps)
        strengths.append(((inputs[0] - norm.running_mean[:, None, None]) * rate[:, None, None]).abs())

    hooks = [norm.register_forward_hook(look) for norm in norms(net)]
    optimizer = torch.optim.Adam(net.parameters())
    for step in range(args.steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * step / args.steps))
        augment, n = (whole, 4) if step % 2 else (half, 12)
        crops = draw(augment, n)
        plain = normalise(with_surfaces((draw(augment, n) * std + mean).clamp(0, 1)))
        x = torch.cat([crops, plain]).contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            goal = before(x).clamp(-1, 1.2)
        strengths.clear()
        error = ((net(x) - goal)**2).mean()
        excess = torch.stack([(s - LIMIT).relu().amax((2, 3)).mean() for s in strengths]).mean()
        optimizer.zero_grad()
        (SHARE_OF_ERROR * error + excess).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if step % 10 == 0:
            strongest = max(s.max().item() for s in strengths)
            print(f"{time.time() - began:.0f} s, step {step}: heatmaps' error {error.item():.1e}, excess {excess.item():.4f}, "
                  f"strongest {strongest:.0f} deviations", flush=True)
    for hook in hooks:
        hook.remove()
    renew_statistics(net, (draw(whole, 16) for _ in range(16)))
    save(net, args.output, torch.float32)


if __name__ == "__main__":
    main()
