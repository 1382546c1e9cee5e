"""peer.py RUNTIME FOLDER THREADS RUNS - time one other runtime on one network, in a process of its own.

FOLDER holds what run.sh made: net.onnx, net.ncnn.param, net.ncnn.bin, input.npy. Prints one JSON object. The output of
the last run is left in FOLDER as RUNTIME.npy, several outputs one after the other. float32, one picture, from the
input tensor to the outputs.
"""
import json
import os
import resource
import sys
import time

runtime, folder, threads, runs = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.environ["OMP_NUM_THREADS"] = str(threads)  # ncnn's OpenMP reads it when it is loaded

import numpy  # noqa: E402

x = numpy.load(folder + "/input.npy")


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def onnxruntime():
    import onnxruntime as ort

    imported = peak()
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = ort.InferenceSession(folder + "/net.onnx", options, providers=["CPUExecutionProvider"])
    return ort.__version__, imported, lambda: session.run(None, {"input": x})


def openvino():
    import openvino as ov

    imported = peak()
    how = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32",
           "PERFORMANCE_HINT": "LATENCY"}
    core = ov.Core()
    model = core.read_model(folder + "/net.onnx")
    model.reshape(x.shape)  # a fixed batch, which every runtime here has
    request = core.compile_model(model, "CPU", how).create_infer_request()
    return ov.__version__.split("-")[0], imported, lambda: list(request.infer([x]).values())


def ncnn():
    import ncnn

    imported = peak()
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_vulkan_compute = False
    for name in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage", "bf16_packed"):
        if hasattr(net.opt, "use_" + name):  # float32, as everybody else here
            setattr(net.opt, "use_" + name, False)
    if net.load_param(folder + "/net.ncnn.param") != 0 or net.load_model(folder + "/net.ncnn.bin") != 0:
        sys.exit("ncnn cannot load the network")
    picture = ncnn.Mat(numpy.ascontiguousarray(x[0]))
    names = [name for name in net.output_names() if name.startswith("out")]

    def run():
        extractor = net.create_extractor()
        extractor.input("in0", picture)
        return [numpy.array(extractor.extract(name)[1]) for name in names]

    return ncnn.__version__, imported, run


version, imported_bytes, run_once = {"onnxruntime": onnxruntime, "openvino": openvino, "ncnn": ncnn}[runtime]()
for _ in range(3):  # the first runs touch all memory
    y = run_once()
seconds = []
for _ in range(runs):
    start = time.perf_counter()
    y = run_once()
    seconds.append(time.perf_counter() - start)
numpy.save(folder + "/" + runtime + ".npy", y[0] if len(y) == 1 else numpy.concatenate([part.ravel() for part in y]))
seconds.sort()
print(json.dumps({"version": version, "min_ms": seconds[0] * 1e3, "median_ms": seconds[len(seconds) // 2] * 1e3,
                  "peak_bytes": peak(), "imported_bytes": imported_bytes}))
