#!/bin/sh
# run.sh - hrnet beside other runtimes for the same networks, on this machine: ONNX Runtime, ncnn, OpenVINO. They come
# as Python packages into a scratch folder of the build; Python has a part in this comparison only, never in hrnet.
# run.sh train - a step of training beside PyTorch's.
# run.sh score - hrnet score coco beside pycocotools and other evaluators: hotcoco, faster-coco-eval.
#
#   BUILD     build folder of hrnet                                   build
#   NETWORKS  published experiments, or files like them               coco/hrnet/w32_256x192 coco/hrnet/w48_384x288
#             (bench/peers/yolox_s.yaml: a detector)
#   THREADS   numbers of threads                                      1 2
#   PEERS     runtimes; without this, all that can be installed       onnxruntime ncnn openvino
#   ROUNDS    turns, each measurement in a process of its own         3
#   RUNS      timed runs in each                                      20
#   HRNET_PEERS_PYTHON  a python that has the packages; then nothing is installed
#
# Weights are numbers of a formula, the same for all; the runtimes get what `hrnet export` writes.
# For train: BATCH 8, the first of NETWORKS, THREADS 2, ROUNDS 2, RUNS 5; a python3 that has torch is taken as it is.
# For score: IMAGES 10000, THREADS 1 2 (cores), ROUNDS 3, RUNS 10, KINDS keypoints bbox.
set -eu

cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}

if [ "${1:-}" = train ]; then
    HRNET=$BUILD/tools/hrnet SCRATCH=$BUILD/peers NETWORK=${NETWORKS:-coco/hrnet/w32_256x192}
    NETWORK=${NETWORK%% *}
    : "${BATCH:=8}" "${THREADS:=2}" "${ROUNDS:=2}" "${RUNS:=5}"
    mkdir -p "$SCRATCH"
    python=
    for candidate in ${HRNET_PEERS_PYTHON:+"$HRNET_PEERS_PYTHON"} "$SCRATCH/venv/bin/python" python3 /usr/bin/python3; do
        if "$candidate" -c 'import torch' 2>/dev/null; then python=$candidate; break; fi
    done
    if [ -z "$python" ]; then
        if ! python3 -m venv "$SCRATCH/venv" || ! "$SCRATCH/venv/bin/python" -m pip install --quiet torch; then
            echo "run.sh: no python3 with torch, and it cannot be installed (apt-get install python3-torch)" >&2
            exit 1
        fi
        python=$SCRATCH/venv/bin/python
    fi
    export HRNET SCRATCH NETWORK BATCH THREADS ROUNDS RUNS PYTHONDONTWRITEBYTECODE=1
    exec "$python" bench/peers/train.py
fi

if [ "${1:-}" = score ]; then
    HRNET=$BUILD/tools/hrnet SCRATCH=$BUILD/peers
    : "${IMAGES:=10000}" "${THREADS:=1 2}" "${ROUNDS:=3}" "${RUNS:=10}" "${KINDS:=keypoints bbox}" "${PEERS:=hotcoco faster-coco-eval pycocotools}"
    mkdir -p "$SCRATCH"
    python=${HRNET_PEERS_PYTHON:-}
    if [ -z "$python" ]; then
        python=$SCRATCH/venv/bin/python
        [ -x "$python" ] || python3 -m venv "$SCRATCH/venv"
        # the names of PEERS are those of the packages
        # shellcheck disable=SC2086
        "$python" -m pip install --quiet --disable-pip-version-check numpy $PEERS
    fi
    export HRNET SCRATCH IMAGES THREADS ROUNDS RUNS KINDS PEERS PYTHONDONTWRITEBYTECODE=1
    exec "$python" bench/peers/score.py
fi

: "${NETWORKS:=coco/hrnet/w32_256x192 coco/hrnet/w48_384x288}" "${THREADS:=1 2}" "${ROUNDS:=3}" "${RUNS:=20}"
HRNET=$BUILD/tools/hrnet
SCRATCH=$BUILD/peers
mkdir -p "$SCRATCH"

python=${HRNET_PEERS_PYTHON:-}
if [ -z "$python" ]; then
    python=$SCRATCH/venv/bin/python
    if [ ! -x "$python" ] && ! python3 -m venv "$SCRATCH/venv"; then
        echo "run.sh: python3 with venv is missing (apt-get install python3-venv)" >&2
        exit 1
    fi
    for package in numpy onnxruntime ncnn pnnx openvino; do
        "$python" -m pip install --quiet --disable-pip-version-check "$package" ||
            echo "run.sh: $package cannot be installed; going on without it" >&2
    done
fi

if [ -z "${PEERS:-}" ]; then
    PEERS=""
    for runtime in onnxruntime ncnn openvino; do
        if "$python" -c "import $runtime" 2>/dev/null; then PEERS="$PEERS $runtime"; fi
    done
fi

# ncnn's own format, made by its converter, which leaves its notes beside its input
convert_to_ncnn() { # FOLDER
    size=$("$python" -c "import numpy; print(str(list(numpy.load('$1/input.npy').shape)).replace(' ', ''))")
    pnnx=$(dirname "$python")/pnnx
    "$pnnx" "$1/net.onnx" "inputshape=${size}f32" fp16=0 "ncnnparam=$1/net.ncnn.param" "ncnnbin=$1/net.ncnn.bin" \
        "pnnxparam=$1/net.pnnx.param" "pnnxbin=$1/net.pnnx.bin" "pnnxpy=$1/net_pnnx.py" "ncnnpy=$1/net_ncnn.py" \
        "pnnxonnx=$1/net.pnnx.onnx" >"$1/pnnx.log" 2>&1
}

for network in $NETWORKS; do
    folder=$SCRATCH/$(echo "$network" | tr / _)
    weights=$folder/weights.safetensors
    mkdir -p "$folder"
    "$BUILD/tests/support/formula_weights" "$network" "$weights"
    "$HRNET" export --config "$network" --model "$weights" --quiet --batch 1 --onnx "$folder/net.onnx"
    "$python" - "$folder/input.npy" "$("$HRNET" info --config "$network" --show-config)" <<'END'
import re
import sys

import numpy

width, height = map(int, re.search(r"IMAGE_SIZE:\s*(?:\[|-)?\s*(\d+)\s*(?:,|-)\s*(\d+)", sys.argv[2]).groups())
x = numpy.random.default_rng(0).uniform(-2, 2, (1, 3, height, width)).astype("float32")
numpy.save(sys.argv[1], x)
END
    "$HRNET" forward --config "$network" --model "$weights" --quiet --input "$folder/input.npy" \
        --output "$folder/hrnet.npy"
    # of a detector all three outputs, one after the other, as peer.py leaves them
    if [ -e "$folder/hrnet_head_8.npy" ]; then
        "$python" -c "import numpy
parts = [numpy.load('$folder/hrnet_head_%d.npy' % s).ravel() for s in (8, 16, 32)]
numpy.save('$folder/hrnet.npy', numpy.concatenate(parts))"
    fi
    case " $PEERS " in *" ncnn "*) convert_to_ncnn "$folder" ;; esac
done

export HRNET SCRATCH NETWORKS THREADS PEERS ROUNDS RUNS
"$python" bench/peers/compare.py
