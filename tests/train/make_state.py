"""make_state.py FOLDER - checkpoint.pth of a tiny network as upstream's tools/train.py leaves it, written by PyTorch.

NAME.pth after three steps of torch.optim (adam, sgd), and what it holds as plain arrays: NAME_weights.npy, the tensors of
the state dict one after the other; NAME_moments.npy, [moments][all parameters one after the other]. The network is the one
of tests/train/test_state.c: a convolution, batch norm, a transposed convolution, a final layer with bias.
"""
import collections
import sys

import numpy
import torch

torch.manual_seed(3)
folder = sys.argv[1]
moments = {"adam": ["exp_avg", "exp_avg_sq"], "sgd": ["momentum_buffer"]}
for name in moments:
    net = torch.nn.Sequential(collections.OrderedDict(
        conv1=torch.nn.Conv2d(3, 5, 3, padding=1, bias=False), bn1=torch.nn.BatchNorm2d(5),
        up=torch.nn.ConvTranspose2d(5, 6, 4, 2, 1, bias=False), final_layer=torch.nn.Conv2d(6, 2, 1)))
    if name == "adam":
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    else:
        optimizer = torch.optim.SGD(net.parameters(), lr=1e-2, momentum=0.9, weight_decay=1e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [1], 0.1)
    for step in range(3):
        optimizer.zero_grad()
        net(torch.randn(2, 3, 8, 8)).square().mean().backward()
        optimizer.step()
    schedule.step()
    state = net.state_dict()
    torch.save({"epoch": 7, "model": "pose_hrnet",
                "state_dict": collections.OrderedDict(("module." + key, value) for key, value in state.items()),
                "best_state_dict": state, "perf": 0.625, "optimizer": optimizer.state_dict()}, f"{folder}/{name}.pth")
    numpy.save(f"{folder}/{name}_weights.npy",
               numpy.concatenate([value.numpy().astype("float32").ravel() for value in state.values()]))
    kept = optimizer.state_dict()["state"]
    numpy.save(f"{folder}/{name}_moments.npy", numpy.stack(
        [numpy.concatenate([kept[i][key].numpy().ravel() for i in range(len(kept))]) for key in moments[name]]))
