#!/usr/bin/env python3
"""Give the last stage of a trained network more channels, and teach it to tell two joints apart that it draws alike.

    widen.py OLD.yaml WEIGHTS.pth NEW.yaml --packs COCO.npz LSPET.npz -o OUT.pth
             [--part LEFT RIGHT ... --seconds 660]

Packs are those of `train_gpu.py pack`; what comes out is what TRAIN.INIT of NEW.yaml takes. Two cores do.

Widening: NEW.yaml differs from OLD.yaml by the channels of stage 4. New channels begin with He's values and the
statistics of real crops; the old ones do not read them yet, so that heatmaps stay what they were. Where the transition
into the last stage was none and becomes one, it begins as the identity.

--part: joints whose heatmaps coincide stay so, for equal weights get equal gradients, and no channel gains from telling
left from right as long as no weight reads it. Three things together end this, in the last module of the last stage
alone and on crops of persons who show both joints of the first pair, whose way through the rest is computed once:

    intermediate supervision   the third branch also draws all joints, at a quarter of the heatmaps' size, by a 1x1
                               convolution that is thrown away afterwards: its 12x16 cells see the whole person
    the difference weighs      21-fold: the error of LEFT's map minus RIGHT's, squared, is added to both losses
    nothing wild               persons on whose crops single channels are a hundred times as strong as on others' are
                               left out: they alone would decide what batch normalisation makes of a batch
"""
import argparse
import copy
import math
import time

import torch
import torch.nn as nn

from train_gpu import (Augment, People, Shuffle, adamw, heatmaps, joints_in_crop, losses, read_net, save, targets,
                       whole_boxes)

WILD = 25  # activations of ordinary crops stay below
BATCH, RATE = 32, 0.0012
WARMUP = 100  # steps of a rising rate
ALONE = 60  # steps in which the third branch does not learn from its supervision yet


@torch.no_grad()
def widen(old, new, people, config):
    """Fill the new network with weights that compute the old one's heatmaps. -> the largest difference on 64 crops"""
    who = torch.randperm(len(people.set))[:128]
    before_stage = []
    hook = old.stage3.register_forward_hook(lambda module, inputs, outputs: before_stage.append(outputs[0]))
    maps = heatmaps(old, people, who[:64], config)[0]
    hook.remove()
    mean, var = before_stage[0].mean((0, 2, 3)), before_stage[0].var((0, 2, 3))
    identity = {"weight": (var + 1e-5).sqrt(), "bias": mean, "running_mean": mean, "running_var": var}
    n, known = len(mean), old.state_dict()
    for m in new.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
    state = new.state_dict()
    for name, value in state.items():
        if name in known and value.ndim == 4:
            outputs, inputs = known[name].shape[:2]
            value[:outputs, inputs:] = 0
            value[:outputs, :inputs] = known[name]
        elif name in known:
            (value[:len(known[name])] if value.ndim else value).copy_(known[name])
        elif name == "transition3.0.0.weight":
            value[:n] = 0
            value[range(n), range(n), 1, 1] = 1
        elif name.startswith("transition3.0.1.") and value.ndim:
            value[:n] = identity[name.rsplit(".", 1)[1]]
    old_numbers = copy.deepcopy(state)
    for m in new.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.reset_running_stats()
            m.momentum = None  # a plain mean
    new.train()
    for some in who.split(32):
        heatmaps(new, people, some, config)
    for name, value in new.state_dict().items():
        if name.endswith(("running_mean", "running_var")):
            first = len(known[name]) if name in known else n
            value[:first] = old_numbers[name][:first]
        elif name.endswith("num_batches_tracked"):
            value.copy_(old_numbers[name])
    for m in new.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.momentum = 0.1
    new.eval()
    return (heatmaps(new, people, who[:64], config)[0] - maps).abs().max().item()


# ------------------------------------------------------------------------------------------------ parting
class Prepared:
    """Crops as the last module reads them, in half precision, and their joints [n,17,3] in pixels of the crop."""

    @torch.no_grad()
    def __init__(self, net, batches):
        branches, joints = [], []
        for x, at in batches:
            branches.append([y.half() for y in net.before_last_module(x.to(memory_format=torch.channels_last))])
            joints.append(at)
        self.branches, self.joints = [torch.cat(b) for b in zip(*branches)], torch.cat(joints)

    def __len__(self):
        return len(self.joints)

    def keep(self, which):
        self.branches, self.joints = [b[which] for b in self.branches], self.joints[which]

    def take(self, which):
        branches = [b[which].float().contiguous(memory_format=torch.channels_last) for b in self.branches]
        return branches, self.joints[which]


@torch.no_grad()
def own_place(net, draw, prepared, pair, config):
    """Of the joints of a pair that lie apart: the share whose map is higher at their own place than at the other's."""
    net.eval()
    right = []
    for some in torch.arange(len(prepared)).split(64):
        x, joints = prepared.take(some)
        m, (a, b) = config["MODEL"], pair
        goal, weight = targets(joints, m["IMAGE_SIZE"], m["HEATMAP_SIZE"], m["SIGMA"])
        maps = draw(x)[0]
        apart = (joints[:, a, :2] - joints[:, b, :2]).norm(dim=1) > 0.06 * m["IMAGE_SIZE"][1]
        seen = (weight[:, a] * weight[:, b] > 0) & apart
        for own, other in ((a, b), (b, a)):
            right.append(((maps[:, own] * (goal[:, own] - goal[:, other])).sum((1, 2)) > 0)[seen])
    net.train()
    return torch.cat(right).float().mean().item()


def part(net, people, config, pairs, seconds, n_old):
    """n_old: channels of every branch that the old network had"""
    size, map_size, sigma = config["MODEL"]["IMAGE_SIZE"], config["MODEL"]["HEATMAP_SIZE"], config["MODEL"]["SIGMA"]
    shows_both = (people.joints[:, pairs[0], 2] > 0).all(1)

    def persons(prefix, suffix):
        names = torch.tensor([name.startswith(prefix) and name.endswith(suffix) for name in people.names])
        return (shows_both & names[people.set]).nonzero()[:, 0]

    main, more = persons("coco", ":train"), persons("lspet", ":train")
    who = torch.cat([main, main, more[torch.randperm(len(more))[:2 * len(main)]]])
    who = who[torch.randperm(len(who))]
    augment = Augment(config, people, *size)
    began = time.time()
    data = Prepared(net.eval(), (augment(some) for some in who.split(64)))
    judged = Prepared(net, ((x, joints_in_crop(people.joints[some], m)) for some in persons("coco", ":valid").split(64)
                            for x, m in [whole_boxes(people, some, config)]))
    strongest = torch.stack([b[:, :n].amax((1, 2, 3)) for b, n in zip(data.branches, n_old)]).amax(0)
    data.keep((strongest < WILD).nonzero()[:, 0])
    print(f"{time.time() - began:.0f} s: {len(data)} of {len(who)} crops stay", flush=True)

    module = net.stage4[-1]
    width = module.branches[2][-1].bn2.num_features
    also = nn.Sequential(nn.BatchNorm2d(width), nn.Conv2d(width, config["MODEL"]["NUM_JOINTS"], 1))
    nn.init.zeros_(also[1].weight)
    nn.init.zeros_(also[1].bias)

    third = {}
    module.branches[2].register_forward_hook(lambda branch, inputs, output: third.update(output=output))

    def draw(x, alone=False):
        """Heatmaps, and those of the third branch."""
        maps = net.final_layer(module(x)[0])
        return maps, also(third["output"].detach() if alone else third["output"])

    def loss_of(maps, joints, map_size, sigma):
        goal, weight = targets(joints, size, map_size, sigma)
        loss, apart = losses(maps, goal, weight, pairs)
        return loss, loss + 10 * apart

    def places():
        return [round(own_place(net, draw, judged, pair, config), 3) for pair in pairs]

    learned = nn.ModuleList([module, net.final_layer, also])
    optimizer = adamw(learned.parameters(), RATE, config["TRAIN"]["WD"])
    order, start, told = Shuffle(torch.arange(len(data))), time.time(), 0.0
    net.train()
    n_steps = 0
    while time.time() - start < seconds:
        x, joints = data.take(order.take(BATCH))
        maps, early = draw(x, alone=n_steps < ALONE)
        loss, weighed = loss_of(maps, joints, map_size, sigma)
        _, early_weighed = loss_of(early, joints, [n // 4 for n in map_size], sigma / 2)
        n_steps += 1
        progress = (time.time() - start) / seconds
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, n_steps / WARMUP) * 0.5 * (1 + math.cos(math.pi * min(1, progress)))
        optimizer.zero_grad()
        ((weighed + 0.5 * early_weighed) * 1000).backward()
        optimizer.step()
        if time.time() - start - told > 100:
            told = time.time() - start
            print(f"{told:.0f} s, step {n_steps}: loss {loss.item():.6f}, own place {places()}", flush=True)
    print(f"{n_steps} steps of {BATCH}: own place {places()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("weights")
    parser.add_argument("new")
    parser.add_argument("--packs", nargs="+", required=True)
    parser.add_argument("--part", nargs=2, type=int, metavar=("LEFT", "RIGHT"), action="append", default=[])
    parser.add_argument("--seconds", type=float, default=660)
    parser.add_argument("-o", "--output", required=True)
    args = parser.parse_args()
    old, old_config = read_net(args.old, args.weights)
    new, config = read_net(args.new)
    people = People(args.packs, torch.device("cpu"))
    difference = widen(old, new, people, old_config)
    print(f"{sum(p.numel() for p in new.parameters())} parameters, heatmaps within {difference:.1e}", flush=True)
    if args.part:
        part(new.to(memory_format=torch.channels_last), people, config, args.part, args.seconds,
             old_config["MODEL"]["EXTRA"]["STAGE4"]["NUM_CHANNELS"])
    save(new, args.output, torch.float32)


if __name__ == "__main__":
    main()
