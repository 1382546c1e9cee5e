#!/usr/bin/env python3
"""Golden values of single operators and of the networks' building blocks, by PyTorch in float64.

    make_ops.py OUT_FOLDER            writes OUT_FOLDER/CASE.safetensors, a file a case of the table below
    make_ops.py --check OUT_FOLDER    reads each back and computes it again from the file's tensors: float64 must agree,
                                      and how far float32 is from it is printed: max|difference| / max|value|

tests/golden/ops/README.md tells what a file holds. A case has one input, since a graph has one: where a block reads
several tensors, convolutions make them of the input. Made with torch 2.15. Needs torch, and safetensors to check.
"""
import collections
import itertools
import json
import pathlib
import struct
import sys
import zlib
import torch
from torch import nn

# Gradients jump where an activation bends and where two cells of a pool's window change places. Every operand lies
# exactly there or at least this far away, so that rounding in float32 (1e-6) cannot choose another side.
KINK_DISTANCE = 1e-4
torch.set_num_threads(1)


class Net(nn.Module):
    """Named parts, and the function that connects them."""

    def __init__(self, connect, **parts):
        super().__init__()
        self.connect = connect
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x):
        return self.connect(self, x)


def conv(ic, oc, k=3, s=1, p=None, d=1, g=1, bias=True):
    """A convolution; without p its padding keeps the size at stride 1."""
    k = k if isinstance(k, tuple) else (k, k)
    p = tuple(d * (size - 1) // 2 for size in k) if p is None else p
    return nn.Conv2d(ic, oc, k, s, p, d, g, bias)


def pool(k, s, p):
    return nn.MaxPool2d(k, s, p)


def up(factor, mode="nearest", corners=None):
    return nn.Upsample(scale_factor=factor, mode=mode, align_corners=corners)


def cat(*parts):
    return torch.cat(parts, 1)


def focus(x):
    """Space to depth: patches (row, column) (0,0), (1,0), (0,1), (1,1) one after the other."""
    return cat(x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2])


# --- YOLOX (yolox/models/network_blocks.py, yolo_head.py; eps and momentum of yolox_base.py) and RTMDet's norm
YOLOX, TORCH = {"eps": 1e-3, "momentum": 0.03}, {}


def unit(ic, oc, k=1, s=1, g=1, norm=YOLOX):
    """BaseConv, mmcv's ConvModule."""
    return Net(lambda m, x: m.act(m.bn(m.conv(x))),
               conv=conv(ic, oc, k, s, g=g, bias=False), bn=nn.BatchNorm2d(oc, **norm), act=nn.SiLU())


def dw_conv(ic, oc, k=3, s=1):
    return Net(lambda m, x: m.pconv(m.dconv(x)), dconv=unit(ic, ic, k, s, ic), pconv=unit(ic, oc))


def bottleneck(c, second=unit):
    return Net(lambda m, x: x + m.conv2(m.conv1(x)), conv1=unit(c, c), conv2=second(c, c, 3))


def csp_layer(ic, oc):
    return Net(lambda m, x: m.conv3(cat(m.m(m.conv1(x)), m.conv2(x))), conv1=unit(ic, oc // 2),
               conv2=unit(ic, oc // 2), conv3=unit(oc // 2 * 2, oc), m=nn.Sequential(bottleneck(oc // 2)))


def spp(ic, oc):
    def connect(m, x):
        x = m.conv1(x)
        return m.conv2(cat(x, *(part(x) for part in m.m)))
    return Net(connect, conv1=unit(ic, ic // 2), conv2=unit(ic // 2 * 4, oc),
               m=nn.ModuleList(pool(k, 1, k // 2) for k in (5, 9, 13)))


def yolox_head(ic, c, n_classes):
    def connect(m, x):
        x = m.stems[0](x)
        reg = m.reg_convs[0](x)
        return m.cls_preds[0](m.cls_convs[0](x)), m.reg_preds[0](reg), m.obj_preds[0](reg)
    two = lambda: nn.ModuleList([nn.Sequential(unit(c, c, 3), unit(c, c, 3))])
    return Net(connect, stems=nn.ModuleList([unit(ic, c)]), cls_convs=two(), reg_convs=two(),
               **{f"{name}_preds": nn.ModuleList([conv(c, n, 1)])
                  for name, n in (("cls", n_classes), ("reg", 4), ("obj", 1))})


# --- RTMDet (mmdet/models/layers/csp_layer.py)
def attention(c):
    return Net(lambda m, x: x * m.act(m.fc(m.global_avgpool(x))),
               global_avgpool=nn.AdaptiveAvgPool2d(1), fc=conv(c, c, 1), act=nn.Hardsigmoid())


def cspnext_block(c):
    separable = Net(lambda m, x: m.pointwise_conv(m.depthwise_conv(x)),
                    depthwise_conv=unit(c, c, 5, g=c, norm=TORCH), pointwise_conv=unit(c, c, norm=TORCH))
    return Net(lambda m, x: x + m.conv2(m.conv1(x)), conv1=unit(c, c, 3, norm=TORCH), conv2=separable)


def cspnext_layer(ic, oc):
    c = oc // 2
    return Net(lambda m, x: m.final_conv(m.attention(cat(m.blocks(m.main_conv(x)), m.short_conv(x)))),
               main_conv=unit(ic, c, norm=TORCH), short_conv=unit(ic, c, norm=TORCH),
               final_conv=unit(2 * c, oc, norm=TORCH), blocks=nn.Sequential(cspnext_block(c)),
               attention=attention(2 * c))


# --- HRNet, HigherHRNet, HRNetV2's head (pose_hrnet.py, pose_higher_hrnet.py, the facial landmarks' hrnet.py)
def basic_block(c):
    return Net(lambda m, x: m.relu(m.bn2(m.conv2(m.relu(m.bn1(m.conv1(x))))) + x), relu=nn.ReLU(),
               conv1=conv(c, c, bias=False), bn1=nn.BatchNorm2d(c), conv2=conv(c, c, bias=False), bn2=nn.BatchNorm2d(c))


def branches(m, x):
    """The input, and what each convolution of m.down makes of the branch before."""
    xs = [x]
    for part in m.down:
        xs.append(part(xs[-1]))
    return xs


def down(c, n):
    """The convolutions that make n branches of c, 2c, 4c ... channels, each of half the size of the one before."""
    return nn.ModuleList(conv(c << i, c << i + 1, s=2, bias=False) for i in range(n - 1))


def fuse_layers(c, n, mode):
    def layer(i, j):
        if j == i:
            return nn.Identity()
        if j > i:
            return nn.Sequential(conv(c << j, c << i, 1, bias=False), nn.BatchNorm2d(c << i), up(2 ** (j - i), *mode))
        steps = [nn.Sequential(conv(c << j, c << (j if k < i - j - 1 else i), s=2, bias=False),
                               nn.BatchNorm2d(c << (j if k < i - j - 1 else i)),
                               *([nn.ReLU()] if k < i - j - 1 else [])) for k in range(i - j)]
        return nn.Sequential(*steps)

    def connect(m, x):
        xs = branches(m, x)
        return tuple(m.relu(sum(part(x) for part, x in zip(row, xs))) for row in m.fuse_layers)
    return Net(connect, down=down(c, n), relu=nn.ReLU(),
               fuse_layers=nn.ModuleList(nn.ModuleList(layer(i, j) for j in range(n)) for i in range(n)))


def higher_head(c, joints):
    def connect(m, x):
        first = m.final_layers[0](x)
        return first, m.final_layers[1](m.deconv_layers[0](cat(x, first)))
    deconv = nn.Sequential(nn.ConvTranspose2d(c + 2 * joints, c, 4, 2, 1, bias=False), nn.BatchNorm2d(c), nn.ReLU())
    return Net(connect, final_layers=nn.ModuleList([conv(c, 2 * joints, 1), conv(c, joints, 1)]),
               deconv_layers=nn.ModuleList([nn.Sequential(deconv, nn.Sequential(basic_block(c)))]))


def hrnetv2_head(c, joints, corners):
    def connect(m, x):
        xs = branches(m, x)
        return m.head(cat(xs[0], *(part(x) for part, x in zip(m.up, xs[1:]))))
    return Net(connect, down=down(c, 4), up=nn.ModuleList(up(f, "bilinear", corners) for f in (2, 4, 8)),
               head=nn.Sequential(conv(15 * c, 15 * c, 1), nn.BatchNorm2d(15 * c), nn.ReLU(), conv(15 * c, joints, 1)))


# --- operators that need more than one part
def concat(outputs, kernels, ic, oc):
    """1x1 convolution of concatenated convolutions of the input; a kernel of 0 stands for the input itself."""
    parts = {f"part{i}": conv(ic, c, k) for i, (c, k) in enumerate(zip(outputs, kernels)) if k}
    return Net(lambda m, x: m.conv(cat(*(getattr(m, f"part{i}", None)(x) if k else x for i, k in enumerate(kernels)))),
               **parts, conv=conv(sum(outputs), oc, 1))


def split(ic, c, oc):
    def connect(m, x):
        first, second = m.conv(x).chunk(2, 1)
        return m.conv1(first) + m.conv2(second)
    return Net(connect, conv=conv(ic, 2 * c, 1), conv1=conv(c, oc, 3), conv2=conv(c, oc, 1))


def upsampled_sum(c, mode):
    def connect(m, x):
        half, quarter = branches(m, x)[1:]
        return x + m.up2(m.conv2(half)) + m.up4(m.conv4(quarter))
    return Net(connect, down=down(c, 3), conv2=conv(2 * c, c, 1), conv4=conv(4 * c, c, 1),
               up2=up(2, *mode), up4=up(4, *mode))


# --- inputs
def normal(shape):
    return torch.randn(shape, dtype=torch.float64)


def bends(shape):
    """Normal, and the exact places where activations bend."""
    x = 2 * normal(shape)
    x.view(-1)[::17] = torch.tensor([0.0, 3.0, -3.0], dtype=torch.float64).repeat(x.numel())[:x.view(-1)[::17].numel()]
    return x


def far(shape):
    """-100 to 100: where exp(-x) leaves float32."""
    return torch.linspace(-100, 100, torch.Size(shape).numel(), dtype=torch.float64).view(shape)


def small(shape):
    """Channels of variance 1e-3, as large as the norm's eps."""
    return normal(shape) * 1e-3 ** 0.5


def ties(shape):
    return torch.randint(-1, 2, shape).double()


BILINEAR, CORNERS = ("bilinear", False), ("bilinear", True)
KINDS = {"silu": nn.SiLU(), "sigmoid": nn.Sigmoid(), "relu": nn.ReLU(), "leaky_relu": nn.LeakyReLU(0.1),
         "hard_sigmoid": nn.Hardsigmoid()}
one = lambda name, part: Net(lambda m, x: getattr(m, name)(x), **{name: part})

Case = collections.namedtuple("Case", "description shape net draw_input", defaults=[normal])
CASES = {f"activation_{kind}": Case("activation alone", (2, 5, 5, 7), one("act", act), bends)
         for kind, act in KINDS.items()}
CASES |= {f"conv_{kind}": Case("act(conv(x))", (2, 6, 7, 5),
                               Net(lambda m, x: m.act(m.conv(x)), conv=conv(6, 9), act=act))
          for kind, act in KINDS.items()}
CASES |= {f"depthwise_k{k}_s{s}{'_bias' if bias else ''}":
          Case("depthwise convolution", (2, c, 7, 9) if k == 5 else (2, c, 5, 8),
               one("conv", conv(c, c, k, s, g=c, bias=bias)))
          for k, s, bias, c in ((3, 1, False, 13), (3, 1, True, 24), (3, 2, False, 24), (3, 2, True, 5),
                                (5, 1, False, 5), (5, 1, True, 19), (5, 2, False, 19), (5, 2, True, 16))}
CASES |= {f"conv_{kh}x{kw}": Case("rectangular kernel", (2, 6, 9, 11), one("conv", conv(6, 7, (kh, kw))))
          for kh, kw in ((1, 3), (3, 1), (1, 7), (5, 3))}
CASES |= {f"maxpool_k{k}_s{s}": Case("max pool", (2, 3, *size), one("pool", pool(k, s, p)))
          for k, s, p, size in ((2, 2, 0, (7, 10)), (3, 2, 1, (8, 11)), (5, 1, 2, (7, 9)), (9, 1, 4, (9, 11)),
                                (13, 1, 6, (13, 11)))}
CASES |= {f"maxpool_k{k}_s{s}_ties": Case("max pool of -1, 0, 1: the first of equal cells takes the gradient",
                                          (2, 3, *size), one("pool", pool(k, s, k // 2)), ties)
          for k, s, size in ((3, 2, (8, 11)), (5, 1, (7, 9)))}
CASES |= {f"upsample_{name}_x{factor}{extra}": Case("upsampling", (2, 5, *size), one("up", up(factor, *mode)))
          for name, mode in (("nearest", ()), ("bilinear", BILINEAR), ("corners", CORNERS))
          for factor, extra, size in ((2, "", (5, 7)), (4, "", (3, 5)), (2, "_row", (1, 4)))}
CASES |= {
    # Operators
    "activation_silu_far": Case("activation alone, inputs -100 to 100", (1, 3, 5, 7), one("act", nn.SiLU()), far),
    "activation_sigmoid_far": Case("activation alone, inputs -100 to 100", (1, 3, 5, 7), one("act", nn.Sigmoid()), far),
    "residual_silu_before": Case("x + act(bn(conv(x)))", (2, 10, 7, 5),
                                 Net(lambda m, x: x + m.act(m.bn(m.conv(x))), conv=conv(10, 10, bias=False),
                                     bn=nn.BatchNorm2d(10), act=nn.SiLU())),
    "residual_relu_after": Case("BasicBlock: relu(x + bn2(conv2(relu(bn1(conv1(x))))))", (2, 10, 7, 5),
                                basic_block(10)),
    "conv_groups4": Case("grouped convolution", (2, 8, 7, 9), one("conv", conv(8, 12, g=4))),
    "conv_dilation2": Case("dilated convolution", (2, 6, 9, 11), one("conv", conv(6, 7, d=2))),
    "conv_dilation3": Case("dilated convolution", (2, 6, 9, 11), one("conv", conv(6, 7, d=3))),
    "conv_9x9": Case("large kernel", (2, 5, 9, 11), one("conv", conv(5, 6, 9))),
    "conv_6x6_s2_p2": Case("even kernel", (2, 3, 13, 10), one("conv", conv(3, 8, 6, 2, 2))),
    "conv_3x3_p0": Case("no padding", (2, 6, 7, 9), one("conv", conv(6, 7, p=0))),
    "concat_2": Case("conv(cat(part0(x), part1(x)))", (2, 6, 5, 7), concat((16, 16), (1, 3), 6, 7)),
    "concat_4": Case("conv(cat(part0(x), part1(x), x, part3(x)))", (2, 16, 5, 7),
                     concat((5, 7, 16, 3), (1, 3, 0, 1), 16, 9)),
    "split": Case("y = conv(x); conv1(y[:, :7]) + conv2(y[:, 7:])", (2, 6, 7, 5), split(6, 7, 9)),
    "space_to_depth": Case("patches (row, column) (0,0), (1,0), (0,1), (1,1) along the channels", (2, 5, 6, 10),
                           Net(lambda m, x: focus(x))),
    "average": Case("mean of each map", (2, 5, 7, 9), one("pool", nn.AdaptiveAvgPool2d(1))),
    "channel_attention": Case("x * act(fc(mean of each map of x))", (2, 12, 5, 7), attention(12)),
    "sum_nearest": Case("y = down.0(x), z = down.1(y); x + up2(conv2(y)) + up4(conv4(z))", (2, 3, 12, 8),
                        upsampled_sum(3, ())),
    "sum_bilinear": Case("y = down.0(x), z = down.1(y); x + up2(conv2(y)) + up4(conv4(z))", (2, 3, 12, 8),
                         upsampled_sum(3, BILINEAR)),
    "norm": Case("batch norm alone", (2, 7, 5, 7), one("bn", nn.BatchNorm2d(7))),
    "norm_eps": Case("batch norm alone, inputs of variance 1e-3", (2, 7, 5, 7), one("bn", nn.BatchNorm2d(7, **YOLOX)),
                     small),
    # Building blocks
    "yolox_focus": Case("Focus: conv(space to depth of x)", (2, 3, 10, 14),
                        Net(lambda m, x: m.conv(focus(x)), conv=unit(12, 8, 3))),
    "yolox_base_conv": Case("BaseConv: act(bn(conv(x)))", (2, 6, 9, 7), unit(6, 10, 3, 2)),
    "yolox_bottleneck": Case("Bottleneck with shortcut: x + conv2(conv1(x))", (2, 10, 7, 5), bottleneck(10)),
    "yolox_bottleneck_depthwise": Case("Bottleneck of the nano: x + conv2(conv1(x)), conv2 a DWConv", (2, 10, 7, 5),
                                       bottleneck(10, dw_conv)),
    "yolox_csp_layer": Case("CSPLayer, n = 1, with shortcut: conv3(cat(m.0(conv1(x)), conv2(x)))", (2, 10, 7, 5),
                            csp_layer(10, 12)),
    "yolox_spp": Case("SPPBottleneck: y = conv1(x); conv2(cat(y, m.0(y), m.1(y), m.2(y)))", (2, 6, 13, 11), spp(6, 7)),
    "yolox_head": Case("decoupled head of one level, 3 classes; outputs cls, reg, obj before any sigmoid",
                       (2, 10, 5, 7), yolox_head(10, 8, 3)),
    "yolox_dwconv": Case("DWConv: pconv(dconv(x))", (2, 10, 5, 7), dw_conv(10, 12)),
    "yolox_dwconv_s2": Case("DWConv: pconv(dconv(x))", (2, 10, 5, 7), dw_conv(10, 12, s=2)),
    "rtmdet_cspnext_block": Case("CSPNeXtBlock: x + conv2(conv1(x))", (2, 10, 7, 5), cspnext_block(10)),
    "rtmdet_csp_layer": Case("CSPLayer: final_conv(attention(cat(blocks.0(main_conv(x)), short_conv(x))))",
                             (2, 10, 7, 5), cspnext_layer(10, 12)),
    "higher_head": Case("HigherHRNet: y = final_layers.0(x); outputs y, final_layers.1(deconv_layers.0(cat(x, y)))",
                        (2, 8, 5, 7), higher_head(8, 3)),
    "hrnetv2_head": Case("HRNetV2: head(cat of four branches, which down makes, brought to the size of x)",
                         (2, 3, 24, 8), hrnetv2_head(3, 4, False)),
    "hrnetv2_head_corners": Case("HRNetV2: head(cat of four branches, which down makes, brought to the size of x)",
                                 (2, 2, 16, 24), hrnetv2_head(2, 5, True)),
    "hrnet_fuse": Case("fuse layers of three branches, which down makes; three outputs", (2, 3, 12, 8),
                       fuse_layers(3, 3, ())),
    "hrnet_fuse_bilinear": Case("fuse layers of HRNetV2, of three branches, which down makes; three outputs",
                                (2, 3, 12, 8), fuse_layers(3, 3, BILINEAR)),
}


def draw(net):
    """Draws parameters and statistics that keep the size of what passes."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.3)
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 1.5)
            module.num_batches_tracked.fill_(7)
        elif isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            fan_in = module.weight[0].numel() if isinstance(module, nn.Conv2d) else 4 * module.in_channels
            module.weight.data.normal_(0, fan_in ** -0.5)
            if module.bias is not None:
                module.bias.data.normal_(0, 0.5)
    round_float32(*net.parameters(), *(b for b in net.buffers() if b.is_floating_point()))


def round_float32(*tensors):
    for tensor in tensors:
        tensor.data.copy_(tensor.data.float())


def kink_distance(module, x):
    """How far the operands of an activation or pool are from a jump of its derivative, those exactly there left out."""
    if isinstance(module, (nn.ReLU, nn.LeakyReLU)):
        distance = x.abs()
    elif isinstance(module, nn.Hardsigmoid):
        distance = (x.abs() - 3).abs()
    elif isinstance(module, nn.MaxPool2d):
        padded = nn.functional.pad(x, [module.padding] * 4, value=-1e9)
        windows = nn.functional.unfold(padded.flatten(0, 1)[:, None], module.kernel_size, stride=module.stride)
        best = windows.topk(2, 1).values
        distance = best[:, 0] - best[:, 1]
    else:
        return float("inf")
    distance = distance[distance > 0]
    return distance.min().item() if distance.numel() else float("inf")


def as_tuple(y):
    return y if isinstance(y, tuple) else (y,)


def run(net, given):
    """given: input, output_gradient[.k]. Returns all that follows from it, and the least kink_distance. Changes the
    running statistics of net."""
    distances, result = [], {}
    x = given["input"].clone().requires_grad_()
    number = lambda name, ys, k: f"{name}.{k}" if len(ys) > 1 else name
    has_norm = any(isinstance(m, nn.BatchNorm2d) for m in net.modules())
    if has_norm:
        net.eval()
        with torch.no_grad():
            ys = as_tuple(net(x))
        result |= {number("output_eval", ys, k): y for k, y in enumerate(ys)}
        net.train()
    hooks = [m.register_forward_hook(lambda m, x, y: distances.append(kink_distance(m, x[0].detach())))
             for m in net.modules()]
    ys = as_tuple(net(x))
    for hook in hooks:
        hook.remove()
    result |= {number("output", ys, k): y.detach() for k, y in enumerate(ys)}
    for k, y in enumerate(ys):  # one that is not given is drawn
        name = number("output_gradient", ys, k)
        if name not in given:
            given[name] = normal(y.shape)
            round_float32(given[name])
    net.zero_grad()
    torch.autograd.backward(ys, [given[number("output_gradient", ys, k)] for k in range(len(ys))])
    result["input_gradient"] = x.grad
    result |= {f"gradient/{name}": p.grad.clone() for name, p in net.named_parameters()}
    result |= {f"after/{name}": b.clone() for name, b in net.named_buffers()}
    return result, min(distances)


def write_safetensors(path, tensors, metadata):
    """int64 first, so that every tensor is aligned to its elements."""
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].is_floating_point()):
        tensor = tensor.detach()
        dtype, tensor = ("F32", tensor.float()) if tensor.is_floating_point() else ("I64", tensor)
        content = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": dtype, "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def attributes(net):
    """The parts of a network in PyTorch's words, whose text of an upsampling leaves align_corners out."""
    def text(m):
        if isinstance(m, nn.Upsample):
            return f"Upsample(scale_factor={m.scale_factor:.0f}, mode={m.mode!r}, align_corners={m.align_corners})"
        return str(m).replace(", affine=True, bias=True, track_running_stats=True", "")
    return "; ".join(f"{path}: {text(m)}" for path, m in net.named_modules()
                     if not isinstance(m, (Net, nn.Sequential, nn.ModuleList, nn.Identity)))


def make(name, folder):
    case = CASES[name]
    net = case.net.double().train()
    for attempt in itertools.count():
        torch.manual_seed(zlib.crc32(name.encode()) + attempt)
        draw(net)
        given = {"input": case.draw_input(case.shape)}
        round_float32(given["input"])
        state = {key: value.clone() for key, value in net.state_dict().items()}
        result, distance = run(net, given)
        if distance >= KINK_DISTANCE:
            break
    for key, value in result.items():  # a bias before a norm has none, which float64's rounding hides
        if key.startswith("gradient/") and value.abs().max() < 1e-12:
            value.zero_()
    metadata = {"torch": torch.__version__.split("+")[0], "description": case.description,
                "attributes": attributes(net)}
    write_safetensors(folder / f"{name}.safetensors", given | state | result, metadata)


def check(name, folder):
    """Float64 again from the file must be the file, to float32's rounding. Returns float32's deviation."""
    from safetensors import safe_open
    with safe_open(folder / f"{name}.safetensors", "pt") as file:
        stored = {key: file.get_tensor(key) for key in file.keys()}
        assert {"torch", "description", "attributes"} == set(file.metadata()), name
    net, worst = CASES[name].net, {}
    for dtype in (torch.float64, torch.float32):
        net.to(dtype).train()
        net.load_state_dict({key: stored[key] for key in net.state_dict()})
        given = {key: value.to(dtype) for key, value in stored.items()
                 if key.split(".")[0] in ("input", "output_gradient")}
        result, _ = run(net, given)
        assert set(stored) == set(given) | set(net.state_dict()) | set(result), name
        deviations = []
        for key, value in result.items():
            assert value.shape == stored[key].shape and torch.isfinite(stored[key].double()).all(), f"{name}: {key}"
            scale = stored[key].abs().max().item() or 1
            deviations.append((value.double() - stored[key].double()).abs().max().item() / scale)
        worst[dtype] = max(deviations)
    assert worst[torch.float64] < 1e-7, f"{name}: {worst}"
    return worst[torch.float32]


def main():
    checking, folder = sys.argv[1] == "--check", pathlib.Path(sys.argv[-1])
    for name in CASES:
        if checking:
            print(f"{name:28} {check(name, folder):.1e}")
        else:
            make(name, folder)


if __name__ == "__main__":
    main()
