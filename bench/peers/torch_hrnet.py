"""torch_hrnet.py - pose_hrnet in PyTorch, from a configuration as `hrnet info --show-config` prints it.

Modules are named as in the published state dicts, so that weights and optimiser states go back and forth.
"""
import json

from torch import nn
from torch.nn import functional


def read_config(text):
    """{"MODEL.EXTRA.STAGE2.NUM_BLOCKS": [4, 4], ...}"""
    found, sections = {}, []
    for line in text.splitlines():
        key, _, value = line.strip().partition(":")
        depth = (len(line) - len(line.lstrip())) // 2
        sections[depth:] = [key]
        if value.strip():
            try:
                found[".".join(sections)] = json.loads(value)
            except ValueError:
                found[".".join(sections)] = value.strip().strip("'")
    return found


def conv(ic, oc, kernel, stride=1):
    return nn.Conv2d(ic, oc, kernel, stride, kernel // 2, bias=False)


class Residual(nn.Module):
    """BASIC: two 3x3; BOTTLENECK: 1x1, 3x3, 1x1 to four times the channels."""

    def __init__(self, ic, channels, bottleneck):
        super().__init__()
        kernels, oc = ((1, 3, 1), 4 * channels) if bottleneck else ((3, 3), channels)
        self.n = len(kernels)
        widths = [ic] + [channels] * (self.n - 1) + [oc]
        for i, kernel in enumerate(kernels):
            setattr(self, f"conv{i + 1}", conv(widths[i], widths[i + 1], kernel))
            setattr(self, f"bn{i + 1}", nn.BatchNorm2d(widths[i + 1]))
        self.downsample = nn.Sequential(conv(ic, oc, 1), nn.BatchNorm2d(oc)) if ic != oc else None

    def forward(self, x):
        y = x
        for i in range(1, self.n + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.n:
                y = functional.relu(y, inplace=True)
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)), inplace=True)


def blocks(n, ic, channels, bottleneck):
    oc = channels * (4 if bottleneck else 1)
    return nn.Sequential(*[Residual(ic if i == 0 else oc, channels, bottleneck) for i in range(n)])


class Module(nn.Module):
    """Blocks on every branch, then to each of the first n_outputs branches the sum of all."""

    def __init__(self, n_blocks, channels, bottleneck, n_outputs):
        super().__init__()
        widths = [c * (4 if bottleneck else 1) for c in channels]
        self.branches = nn.ModuleList(blocks(n, w, c, bottleneck) for n, w, c in zip(n_blocks, widths, channels))
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(self.path(widths, to, source) for source in range(len(widths))) for to in range(n_outputs))

    @staticmethod
    def path(widths, to, source):
        if source == to:
            return None
        if source > to:
            return nn.Sequential(conv(widths[source], widths[to], 1), nn.BatchNorm2d(widths[to]),
                                 nn.Upsample(scale_factor=2 ** (source - to), mode="nearest"))
        steps = []
        for k in range(to - source):
            last = k == to - source - 1
            oc = widths[to] if last else widths[source]
            steps.append(nn.Sequential(conv(widths[source], oc, 3, 2), nn.BatchNorm2d(oc),
                                       *([] if last else [nn.ReLU(inplace=True)])))
        return nn.Sequential(*steps)

    def forward(self, x):
        x = [branch(y) for branch, y in zip(self.branches, x)]
        return [functional.relu(sum(y if path is None else path(y) for path, y in zip(row, x)), inplace=True)
                for row in self.fuse_layers]


class PoseHRNet(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 64, 3, 2), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = conv(64, 64, 3, 2), nn.BatchNorm2d(64)
        self.layer1 = blocks(4, 64, 64, True)
        before = [256]
        for number in (2, 3, 4):
            stage = {key.rsplit(".", 1)[1]: value for key, value in config.items()
                     if key.startswith(f"MODEL.EXTRA.STAGE{number}.")}
            bottleneck = stage["BLOCK"] == "BOTTLENECK"
            channels, n_modules = stage["NUM_CHANNELS"], stage["NUM_MODULES"]
            widths = [c * (4 if bottleneck else 1) for c in channels]
            setattr(self, f"transition{number - 1}", self.transition(before, widths))
            setattr(self, f"stage{number}", nn.Sequential(*[
                Module(stage["NUM_BLOCKS"], channels, bottleneck,
                       1 if number == 4 and i == n_modules - 1 else len(channels)) for i in range(n_modules)]))
            before = widths
        kernel = config["MODEL.EXTRA.FINAL_CONV_KERNEL"]
        self.final_layer = nn.Conv2d(before[0], config["MODEL.NUM_JOINTS"], kernel, 1, kernel // 2)

    @staticmethod
    def transition(before, widths):
        rows = []
        for i, width in enumerate(widths):
            if i >= len(before):  # one new branch a stage, from the lowest resolution
                rows.append(nn.Sequential(nn.Sequential(conv(before[-1], width, 3, 2), nn.BatchNorm2d(width),
                                                        nn.ReLU(inplace=True))))
            elif before[i] != width:
                rows.append(nn.Sequential(conv(before[i], width, 3), nn.BatchNorm2d(width), nn.ReLU(inplace=True)))
            else:
                rows.append(None)
        return nn.ModuleList(rows)

    def before_last_module(self, x):
        """What the last module of the last stage reads: a tensor a branch."""
        x = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        x = functional.relu(self.bn2(self.conv2(x)), inplace=True)
        x = [self.layer1(x)]
        for number in (2, 3, 4):
            rows = getattr(self, f"transition{number - 1}")
            x = [x[i] if row is None else row(x[min(i, len(x) - 1)] if i < len(x) else x[-1])
                 for i, row in enumerate(rows)]
            modules = getattr(self, f"stage{number}")
            x = (modules[:-1] if number == 4 else modules)(x)
        return x

    def forward(self, x):
        return self.final_layer(self.stage4[-1](self.before_last_module(x))[0])
