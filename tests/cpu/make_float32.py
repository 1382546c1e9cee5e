#!/usr/bin/env python3
"""How far PyTorch's float32 is from the golden values of training, over several runs that are the same in mathematics and
differ in rounding only: convolutions by oneDNN or PyTorch's own, channels last, the batch's pictures in other orders.

    make_float32.py GOLDEN_FOLDER OUT_FOLDER     writes OUT_FOLDER/NET/float32_runs.txt: "name deviation ..." a line

max|float32 - float64| / max|float64|; of the gradients the median and the 90th percentile over the parameters. Made with
torch 2.15. Needs torch, numpy. A run in float64 is checked against the golden values first.
"""
import sys
import numpy as np
import torch
import torch.nn.functional as F

STEPS, NETS = 5, ("hrnet_w8_96x64", "hrnet_w8_bottleneck_k3_64x64")
ORDERS = [[0, 1, 2, 3], [3, 1, 0, 2], [1, 0, 3, 2], [2, 3, 1, 0], [3, 2, 0, 1], [1, 3, 2, 0]]
torch.set_num_threads(1)


class Net:
    """The published network as its state dict describes it, in training mode."""

    def __init__(self, tensors):
        self.t = tensors

    def has(self, name):
        return name + ".weight" in self.t

    def conv(self, x, name, stride=1):
        weight = self.t[name + ".weight"]
        return F.conv2d(x, weight, self.t.get(name + ".bias"), stride, weight.shape[2] // 2)

    def norm(self, x, name):
        self.t[name + ".num_batches_tracked"] += 1
        mean, var = self.t[name + ".running_mean"], self.t[name + ".running_var"]
        return F.batch_norm(x, mean, var, self.t[name + ".weight"], self.t[name + ".bias"], True, 0.1, 1e-5)

    def unit(self, x, conv, norm, stride=1):
        return self.norm(self.conv(x, conv, stride), norm)

    def block(self, x, name):
        n = 3 if self.has(name + ".conv3") else 2
        aside = self.unit(x, name + ".downsample.0", name + ".downsample.1") if self.has(name + ".downsample.0") else x
        for i in range(1, n + 1):
            x = self.unit(x, f"{name}.conv{i}", f"{name}.bn{i}")
            x = F.relu(x) if i < n else F.relu(x + aside)
        return x

    def blocks(self, x, name):
        i = 0
        while self.has(f"{name}.{i}.conv1"):
            x = self.block(x, f"{name}.{i}")
            i += 1
        return x

    def fuse(self, xs, name):
        out = []
        for i in range(len(xs)):
            total = None
            for j, x in enumerate(xs):
                layer = f"{name}.{i}.{j}"
                if j > i:
                    if not self.has(layer + ".0"):
                        return out  # the last module has one output
                    x = F.interpolate(self.unit(x, layer + ".0", layer + ".1"), scale_factor=2 ** (j - i))
                for k in range(i - j):
                    if not self.has(f"{layer}.{k}.0"):
                        return out
                    x = self.unit(x, f"{layer}.{k}.0", f"{layer}.{k}.1", 2)
                    x = F.relu(x) if k < i - j - 1 else x
                total = x if total is None else total + x
            out.append(F.relu(total))
        return out

    def __call__(self, x):
        x = F.relu(self.unit(x, "conv1", "bn1", 2))
        x = F.relu(self.unit(x, "conv2", "bn2", 2))
        xs = [self.blocks(x, "layer1")]
        for stage in (2, 3, 4):
            step = f"transition{stage - 1}"
            new = F.relu(self.unit(xs[-1], f"{step}.{len(xs)}.0.0", f"{step}.{len(xs)}.0.1", 2))
            if self.has(step + ".0.0"):
                xs[0] = F.relu(self.unit(xs[0], step + ".0.0", step + ".0.1"))
            xs.append(new)
            module = 0
            while self.has(f"stage{stage}.{module}.branches.0.0.conv1"):
                name = f"stage{stage}.{module}"
                xs = self.fuse([self.blocks(b, f"{name}.branches.{i}") for i, b in enumerate(xs)],
                               name + ".fuse_layers")
                module += 1
        return self.conv(xs[0], "final_layer")


def joint_losses(maps, target, weight):
    return 0.5 * ((maps * weight[..., None] - target * weight[..., None]) ** 2).flatten(2).mean(2)


def deviation(found, expected):
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def run(golden, weights, dtype, order, onednn, last):
    back = np.argsort(order)
    layout = torch.channels_last if last else torch.contiguous_format
    x, target, weight = (torch.from_numpy(golden[k][order]).to(dtype) for k in ("input", "target", "target_weight"))
    x, result = x.contiguous(memory_format=layout), {}
    for kind in "adam", "sgd":
        t = {k: v.clone().to(dtype if v.is_floating_point() else v.dtype) for k, v in weights.items()}
        t = {k: v.contiguous(memory_format=layout) if v.dim() == 4 else v for k, v in t.items()}
        names = [k for k in t if "running" not in k and "num_batches" not in k]
        learning = [t[k].requires_grad_() for k in names]
        optimizer = (torch.optim.Adam(learning, lr=1e-4) if kind == "adam" else
                     torch.optim.SGD(learning, lr=1e-3, momentum=0.9, weight_decay=1e-4, nesterov=True))
        losses, net = [], Net(t)
        for step in range(STEPS):
            with torch.backends.mkldnn.flags(enabled=onednn):
                maps = net(x)
                each = joint_losses(maps, target, weight)
                loss = each.mean()
                optimizer.zero_grad()
                loss.backward()
            losses.append(loss.item())
            if step == 0:
                errors = [deviation(t[k].grad, golden["grad/" + k]) for k in names]
                result |= {
                    "heatmaps": deviation(maps.detach()[back], golden["train_heatmaps"]),
                    "loss_mse": deviation(loss.item(), golden["loss_mse"]),
                    "loss_ohkm": deviation(torch.topk(each, 8, 1)[0].mean().item(), golden["loss_ohkm"]),
                    "grad_median": float(np.median(errors)), "grad_p90": float(np.quantile(errors, 0.9)),
                    "buffers": max(deviation(t[k], golden["buffer_after_1/" + k]) for k in t if "running" in k)}
            optimizer.step()
        kept = [k for k in golden if k.startswith(kind + "_after_5/")]
        result[kind + "_losses"] = deviation(losses, golden[kind + "_losses"])
        result[kind + "_after_5"] = max(deviation(t[k.split("/")[1]].detach(), golden[k]) for k in kept)
    return result


for net in NETS:
    golden = dict(np.load(f"{sys.argv[1]}/{net}/train.npz"))
    weights = torch.load(f"{sys.argv[1]}/{net}/weights.pth", map_location="cpu", weights_only=False)
    exact = run(golden, weights, torch.float64, ORDERS[0], True, False)
    assert max(exact.values()) < 1e-7, exact  # the golden gradients are stored as float32
    runs = [run(golden, weights, torch.float32, order, onednn, last)
            for onednn, last in ((True, False), (False, False), (True, True)) for order in ORDERS]
    with open(f"{sys.argv[2]}/{net}/float32_runs.txt", "w") as f:
        for name in runs[0]:
            print(name, *("%.3e" % r[name] for r in runs), file=f)
