"""run_onnx.py MODEL.onnx INPUT.npy OUTPUT.npy - check the model and run it with ONNX Runtime. Of several outputs each
goes to a file of its own, as `hrnet forward` names them: OUTPUT_head_8.npy."""
import sys

import numpy
import onnx
import onnxruntime

onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
assert [i.name for i in session.get_inputs()] == ["input"]
names = [o.name for o in session.get_outputs()]
results = session.run(names, {"input": numpy.load(sys.argv[2]).astype(numpy.float32)})
for name, result in zip(names, results):
    numpy.save(sys.argv[3] if len(names) == 1 else sys.argv[3].replace(".npy", f"_{name}.npy"), result)
