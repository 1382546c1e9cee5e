#!/bin/sh
# train-shipped.sh DATA [HRNET] - train the model that ships, from random weights, on DATA/coco_small and DATA/lspet: one
# part of configs/shipped after the other, each beginning with what the one before found. May be stopped and started
# again at any time. A part whose runs/<part>/final_state.pth is there is done: train_gpu.py can make those of parts 6, 9
# and 10 in minutes. What comes out: runs/<last part>/model_best.safetensors. See models/README.md.
set -eu

data=${1:?usage: train-shipped.sh DATA [HRNET]}
hrnet=${2:-build/tools/hrnet}
for config in $(printf '%s\n' configs/shipped/*.yaml | sort -t/ -k3n); do
    part=$(basename "$config" .yaml)
    [ -e "runs/$part/final_state.pth" ] && continue
    init=$(sed -n 's/^  INIT: //p' "$config")
    if [ -n "$init" ] && [ ! -e "$init" ]; then
        echo "$init, where part $part begins, is not there; models/README.md tells what makes it" >&2
        exit 1
    fi
    "$hrnet" train --config "$config" --validate-every 4 -o "runs/$part" DATA_DIR "$data"
done
model=runs/$part/model_best.safetensors
[ -e "$model" ] || "$hrnet" convert "runs/$part/final_state.pth" "$model" --half --config "$config"
echo "the model: $model"
