#!/bin/sh
# What we write, PyTorch reads: torch_load.sh SAVE_TENSORS CHECKPOINT. Skipped (77) where python3 has no torch.
set -e
module=torch
. "$(dirname "$0")/../support/find_python.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$2" "$folder/ours"
"$python" - "$2" "$folder/ours" <<'PYTHON'
import inspect, json, struct, sys
import torch

theirs = torch.load(sys.argv[1])

def compare(ours):
    assert list(ours) == list(theirs), "names or their order differ"
    for name, tensor in theirs.items():
        assert ours[name].dtype == tensor.dtype and torch.equal(ours[name], tensor), name

compare(torch.load(sys.argv[2] + ".pth"))
if "weights_only" in inspect.signature(torch.load).parameters:
    compare(torch.load(sys.argv[2] + ".pth", weights_only=True))

# safetensors by its definition, so that the package is not needed
data = open(sys.argv[2] + ".safetensors", "rb").read()
size, = struct.unpack("<Q", data[:8])
header = json.loads(data[8:8 + size])
assert header.pop("__metadata__") == {"made by": "libhrnet"}
compare({name: torch.frombuffer(bytearray(data[8 + size + entry["data_offsets"][0]:8 + size + entry["data_offsets"][1]]),
                                dtype={"F32": torch.float32, "I64": torch.int64}[entry["dtype"]]).reshape(entry["shape"])
         for name, entry in header.items()})
print("PyTorch", torch.__version__, "agrees on", len(theirs), "tensors")
PYTHON
