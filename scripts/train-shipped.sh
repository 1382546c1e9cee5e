#!/bin/sh
# train-shipped.sh DATA [pose|detector] [HRNET] - train a network that ships: the pose network from random weights on
# DATA/coco_small and DATA/lspet, or the detector from the shipped pose network on DATA/coco_small and DATA/persons: one
# part of configs/shipped or configs/detector after the other, each beginning with what the one before found. May be
# stopped and started again at any time. A part whose runs/<part>/final_state.pth is there is done: train_gpu.py can make
# those of the pose network's parts 6, 9 and 10 in minutes. What comes out: runs/<last part>/model_best.safetensors. See
# models/README.md and models/detector.md.
set -eu

usage="usage: train-shipped.sh DATA [pose|detector] [HRNET]"
data=${1:?$usage}
case ${2:-pose} in
pose) configs=configs/shipped every=4 ;;
detector) configs=configs/detector every=1 ;;
*) echo "$usage" >&2; exit 1 ;;
esac
hrnet=${3:-build/tools/hrnet}
for config in $(printf '%s\n' "$configs"/*.yaml | sort -t/ -k3n); do
    part=$(basename "$config" .yaml)
    [ -e "runs/$part/final_state.pth" ] && continue
    init=$(sed -n 's/^  INIT: //p' "$config")
    if [ -n "$init" ] && [ "$init" != shipped ] && [ ! -e "$init" ]; then
        echo "$init, where part $part begins, is not there; models/README.md tells what makes it" >&2
        exit 1
    fi
    "$hrnet" train --config "$config" --validate-every "$every" -o "runs/$part" DATA_DIR "$data"
done
model=runs/$part/model_best.safetensors
[ -e "$model" ] || "$hrnet" convert "runs/$part/final_state.pth" "$model" --half --config "$config"
echo "the model: $model"
