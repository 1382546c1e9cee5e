"""run_onnx.py MODEL.onnx INPUT.npy OUTPUT.npy - check the model and run it with ONNX Runtime."""
import sys

import numpy
import onnx
import onnxruntime

onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
assert [i.name for i in session.get_inputs()] == ["input"]
numpy.save(sys.argv[3], session.run(["heatmaps"], {"input": numpy.load(sys.argv[2])})[0])
