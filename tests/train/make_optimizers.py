#!/usr/bin/env python3
"""Numbers of PyTorch's optimisers and schedules for test_optimizer.c: make_optimizers.py OUT_FOLDER. Needs torch, numpy.

  optimizer_input.npy     [1 + STEPS][N]: start, then the gradients of every step
  optimizer_params.npy    [variant][STEPS][N]: parameters after every step (float32 on the CPU)
  optimizer_moments.npy   [variant][2][N]: moments after the last step, zeros where there are none
  schedules.txt           "schedule warmup_steps epoch step rate" a line: LR 0.02, LR_STEP [2, 4], LR_FACTOR 0.1,
                          END_EPOCH 6, 5 steps an epoch
The variants and their rates stand in test_optimizer.c in the same order.
"""
import sys
import numpy as np
import torch
from torch.optim import lr_scheduler as schedulers

out = sys.argv[1]
N, STEPS = 64, 6
torch.manual_seed(1)
start = torch.randn(N)
# gradients of all sizes: beside epsilon, beside the parameters, and exactly zero
gradients = torch.randn(STEPS, N) * 10.0 ** torch.linspace(-12, 4, N)
gradients[:, ::9] = 0

variants = [  # class, options, gradient scale
    (torch.optim.Adam, dict(), 1),
    (torch.optim.Adam, dict(), 0.25),
    (torch.optim.AdamW, dict(weight_decay=0.05), 1),
    (torch.optim.SGD, dict(), 1),
    (torch.optim.SGD, dict(weight_decay=0.01), 0.25),
    (torch.optim.SGD, dict(momentum=0.9), 1),
    (torch.optim.SGD, dict(momentum=0.9, weight_decay=0.01), 1),
    (torch.optim.SGD, dict(momentum=0.9, weight_decay=0.01, nesterov=True), 1),
]
params, moments = [], []
for make, options, scale in variants:
    p = torch.nn.Parameter(start.clone())
    optimizer = make([p], lr=1e-3, foreach=False, **options)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = 1e-3 * (step + 1)
        p.grad = gradients[step] * scale
        optimizer.step()
        params.append(p.detach().numpy().copy())
    state = optimizer.state[p]
    for name in ("exp_avg", "momentum_buffer"), ("exp_avg_sq",):
        found = [state[k] for k in name if state.get(k) is not None]
        moments.append(found[0].numpy() if found else np.zeros(N, np.float32))
np.save(f"{out}/optimizer_input.npy", torch.cat([start[None], gradients]).numpy())
np.save(f"{out}/optimizer_params.npy", np.array(params, np.float32).reshape(len(variants), STEPS, N))
np.save(f"{out}/optimizer_moments.npy", np.array(moments, np.float32).reshape(len(variants), 2, N))

EPOCHS, EPOCH_STEPS, RATE = 6, 5, 0.02
with open(f"{out}/schedules.txt", "w") as f:
    for name in "multistep", "cosine":
        for warmup in 0, 3, 12:
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
            parts = [schedulers.MultiStepLR(optimizer, [2 * EPOCH_STEPS, 4 * EPOCH_STEPS], 0.1) if name == "multistep"
                     else schedulers.CosineAnnealingLR(optimizer, EPOCHS * EPOCH_STEPS)]
            if warmup:
                parts.append(schedulers.LinearLR(optimizer, 1 / (warmup + 1), 1, warmup))
            for step in range(EPOCHS * EPOCH_STEPS):
                print(name, warmup, step // EPOCH_STEPS, step, repr(optimizer.param_groups[0]["lr"]), file=f)
                optimizer.step()
                for part in parts:
                    part.step()
