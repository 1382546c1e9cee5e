"""state_torch.py STATE_FILE CONFIG CHECKPOINT FOLDER - a run goes from us to PyTorch and back; see state_torch.sh."""
import collections
import os
import subprocess
import sys

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench/peers"))
from torch_hrnet import PoseHRNet, read_config  # noqa: E402

tool, config, checkpoint, folder = sys.argv[1:]
ours, theirs, again = (f"{folder}/{name}.pth" for name in ("ours", "theirs", "again"))


def convert(*arguments):
    subprocess.run([tool, config, *arguments], check=True)


def same(a, b, where):
    """The same tree, tensors bit for bit; containers of one kind are as good as another."""
    if isinstance(a, dict):
        assert list(a) == list(b), (where, list(a)[:9], list(b)[:9])
        for key in a:
            same(a[key], b[key], f"{where}/{key}")
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b)):
            same(x, y, f"{where}/{i}")
    elif isinstance(a, torch.Tensor):
        assert a.dtype == b.dtype and torch.equal(a, b), where
    else:
        assert type(a) is type(b) and a == b, (where, a, b)


# from us to PyTorch, as upstream's tools/train.py resumes
convert(checkpoint, ours, "fill")
# the careful reader of PyTorch 1.13 knows no floating-point numbers
safe = {"weights_only": True} if int(torch.__version__.split(".")[0]) >= 2 else {}
kept = torch.load(ours, **safe)
assert list(kept) == ["epoch", "model", "state_dict", "best_state_dict", "perf", "optimizer", "hrnet", "hrnet.config"]
assert (kept["epoch"], kept["model"], kept["perf"], kept["hrnet"]["seed"]) == (5, "pose_hrnet", 0.5, "5")
settings = read_config(kept["hrnet.config"])
net = PoseHRNet(settings)
net.load_state_dict(kept["best_state_dict"])
assert list(net.state_dict()) == list(kept["best_state_dict"]) == list(kept["hrnet"]["ema"])
net = torch.nn.DataParallel(net)
net.load_state_dict(kept["state_dict"])
optimizer = torch.optim.Adam(net.parameters(), lr=settings["TRAIN.LR"])
optimizer.load_state_dict(kept["optimizer"])
assert optimizer.param_groups[0]["lr"] == 0.00025 and optimizer.param_groups[0]["betas"] == (0.9, 0.999)
for name, parameter in net.named_parameters():  # the numbers of our moments are those of PyTorch's parameters
    state = optimizer.state[parameter]
    assert float(state["step"]) == 12, name
    assert torch.equal(state["exp_avg"], parameter.detach() * torch.tensor(0.001)), name
    assert torch.equal(state["exp_avg_sq"], parameter.detach() ** 2), name
schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, settings["TRAIN.LR_STEP"], settings["TRAIN.LR_FACTOR"],
                                                last_epoch=kept["epoch"])
width, height = settings["MODEL.IMAGE_SIZE"]
net.module(torch.randn(2, 3, height, width)).square().mean().backward()
optimizer.step()
schedule.step()

# and back, as upstream saves
state = net.module.state_dict()
torch.save({"epoch": 6, "model": "pose_hrnet", "state_dict": net.state_dict(), "best_state_dict": state, "perf": 0.25,
            "optimizer": optimizer.state_dict()}, theirs)
convert(theirs, again)
back = torch.load(again)
assert (back["epoch"], back["perf"], back["hrnet"]["step"], back["hrnet"]["best_perf"]) == (6, 0.25, 13, 0.25)
for key in ("state_dict", "best_state_dict"):
    same(collections.OrderedDict(torch.load(theirs)[key]), back[key], key)
same(dict(state), dict(back["hrnet"]["ema"]), "ema")
for i, moments in optimizer.state_dict()["state"].items():
    for key in ("exp_avg", "exp_avg_sq"):
        same(moments[key], back["optimizer"]["state"][i][key], f"optimizer/state/{i}/{key}")
assert back["optimizer"]["param_groups"][0]["lr"] == optimizer.param_groups[0]["lr"]

# ours, read and written again, is the same file
convert(ours, again)
assert open(ours, "rb").read() == open(again, "rb").read()
print("PyTorch", torch.__version__, "takes a run over and hands it back")
