#!/bin/sh
# The operators and building blocks of tests/golden/ops, exported: run_op_onnx.sh WRITE_OP_ONNX GOLDEN_OPS. Every file must
# be the one that ONNX Runtime agreed on when onnx.sha256 was made (its README says how). ONNX Runtime then runs them again;
# that part is skipped (77) where no python has it; HRNET_PEERS_PYTHON is asked first.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$folder"
golden=$(cd "$2" && pwd)
# shellcheck disable=SC2012 # our own names
n_exported=$(ls "$folder" | wc -l) n_expected=$(wc -l <"$golden/onnx.sha256")
if [ "$n_exported" != "$n_expected" ]; then
    echo "expected $n_expected exported cases, found $n_exported"
    exit 1
fi
(cd "$folder" && sha256sum --quiet --check "$golden/onnx.sha256")
module="numpy, onnx, onnxruntime"
. "$(dirname "$0")/../support/find_python.sh"
"$python" - "$folder" "$2" <<'PYTHON'
import json, pathlib, struct, sys
import numpy, onnx, onnxruntime


def read_safetensors(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header, data = json.loads(data[8:8 + size]), data[8 + size:]
    return {name: numpy.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
            for name, entry in header.items() if name != "__metadata__" and entry["dtype"] == "F32"}


onnxruntime.set_default_logger_severity(3)
exported, worst = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")), 0
assert exported
for path in exported:
    golden = read_safetensors(pathlib.Path(sys.argv[2]) / (path.stem + ".safetensors"))
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    assert names == sorted(name for name in golden if name == "output" or name.startswith("output.")), (path, names)
    for name, found in zip(names, session.run(names, {"input": golden["input"]})):
        expected = golden.get(name.replace("output", "output_eval"), golden[name])
        assert found.shape == expected.shape, (path.stem, name, found.shape, expected.shape)
        error = abs(found - expected).max() / abs(expected).max()
        assert error <= 1e-5, f"{path.stem}: {name} is {error:.1e} of its largest value from PyTorch's"
        worst = max(worst, error)
print(f"ONNX Runtime agrees on {len(exported)} cases, to {worst:.1e} of each output's largest value")
PYTHON
