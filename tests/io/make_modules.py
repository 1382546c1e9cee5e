"""make_modules.py FOLDER - files that PyTorch writes of whole modules, and of tensors with marks or of rare types, for
test_modules.c. Written with PyTorch 2.15 on the CPU; other versions give the same tensors in other bytes."""
import io
import sys
import zipfile
from collections import OrderedDict

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(2)
        self.register_buffer('grid', torch.arange(2.0), persistent=False)

    def forward(self, x):
        return self.bn1(self.conv1(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.note = 'an attribute that is no tensor'
        self.layer1 = nn.Sequential(Block(), nn.ReLU())
        self.final_layer = nn.Conv2d(2, 3, 1)
        self.sizes = [1, 2, 3]

    def forward(self, x):
        return self.final_layer(self.layer1(x))


def numbered(net):
    with torch.no_grad():
        for i, tensor in enumerate(net.state_dict().values()):
            tensor.copy_(torch.arange(tensor.numel()).reshape(tensor.shape) + 100 * i)
    return net.eval()


def no_source(cls):
    raise OSError('the old container would hold the source of every class')


def save_script(script, path):
    """Without the code, which has the sources and paths of the libraries beside ours, and which nothing here reads."""
    whole = io.BytesIO()
    torch.jit.save(script, whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, 'w') as new:
        for name in old.namelist():
            if '/code/' not in name:
                new.writestr(zipfile.ZipInfo(name), old.read(name))


def main(folder):
    torch.serialization.get_source_lines_and_file = no_source
    net = numbered(Net())
    print('\n'.join(f'{name} {tuple(value.shape)} {value.flatten()[0].item():g}' for name, value in net.state_dict().items()))
    torch.save(net, f'{folder}/module_zip.pth')
    torch.save(net, f'{folder}/module_legacy.pth', _use_new_zipfile_serialization=False)
    torch.save(net, f'{folder}/module_protocol4.pth', pickle_protocol=4)
    torch.save({'epoch': 3, 'ema': nn.DataParallel(net)}, f'{folder}/module_in_dict.pth')
    del net.layer1[0].grid  # TorchScript forgets that a buffer is not saved
    script = torch.jit.script(net)
    save_script(script, f'{folder}/script.pt')
    save_script(torch.jit.freeze(script), f'{folder}/frozen.pt')
    plain = torch.tensor([1.0, -2.0, 3.0])
    imaginary = torch.complex(torch.zeros(3), -plain).conj().imag  # both bits: a negative view of every second number
    assert imaginary.is_neg() and torch.equal(imaginary, plain)
    torch.save(OrderedDict(plain=plain, negative=torch._neg_view(-plain), imaginary=imaginary), f'{folder}/marks.pth')
    rare = OrderedDict(a=plain, complex=torch.zeros(3, dtype=torch.complex64),
                       quantised=torch.quantize_per_tensor(plain, 0.1, 0, torch.qint8),
                       f8=plain.to(torch.float8_e4m3fn), u32=plain.abs().to(torch.uint32), sparse=plain.to_sparse(), b=plain)
    torch.save(rare, f'{folder}/rare.pth')
    torch.save(rare, f'{folder}/rare_legacy.pth', _use_new_zipfile_serialization=False)


main(sys.argv[1])
