#!/usr/bin/env python3
"""Flatten the golden train.npz of a small network (computed in float64 with the public PyTorch code) into what the tests
read: make_golden.py GOLDEN_FOLDER OUT_FOLDER, for each network. Needs numpy.

  input, target, target_weight, heatmaps .npy   as published; heatmaps in training mode, rounded to float32
  gradients.npy    of loss_mse, every tensor that learns, one after the other in state-dict order
  buffers.npy      after one forward pass: running_mean, running_var, num_batches_tracked of every norm, in that order
  after_5.npy      [2][n]: the tensors that values.txt names, after five steps of Adam, then of SGD
  values.txt       "name number ..." a line: losses, float32 deviations of PyTorch; "after_5 tensor" a line
"""
import json, os, sys
import numpy as np

source, out = sys.argv[1:]
for net in ("hrnet_w8_96x64", "hrnet_w8_bottleneck_k3_64x64"):
    z = np.load(f"{source}/{net}/train.npz")
    os.makedirs(f"{out}/{net}", exist_ok=True)

    def save(name, array):
        np.save(f"{out}/{net}/{name}.npy", np.ascontiguousarray(array, dtype=np.float32))

    def flat(prefix, names=None):
        names = names or [k for k in z.files if k.startswith(prefix + "/")]
        return np.concatenate([z[k].ravel() for k in names])

    for name in ("input", "target", "target_weight"):
        save(name, z[name])
    save("heatmaps", z["train_heatmaps"])
    save("gradients", flat("grad"))
    save("buffers", flat("buffer_after_1"))
    kept = [k.split("/", 1)[1] for k in z.files if k.startswith("adam_after_5/")]
    save("after_5", np.stack([flat("", [f"{run}_after_5/{k}" for k in kept]) for run in ("adam", "sgd")]))
    with open(f"{out}/{net}/values.txt", "w") as f:
        for name in ("loss_mse", "loss_ohkm", "adam_losses", "sgd_losses"):
            print(name, *(repr(float(v)) for v in z[name].ravel()), file=f)
        with open(f"{source}/{net}/train_float32_deviation.json") as j:
            for name, value in next(iter(json.load(j).values())).items():
                print("deviation_" + name, repr(value), file=f)
        for name in kept:
            print("after_5", name, file=f)
