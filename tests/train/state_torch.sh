#!/bin/sh
# PyTorch goes on with our checkpoint.pth, and we with PyTorch's: state_torch.sh STATE_FILE CONFIG CHECKPOINT. Skipped (77)
# where no python has torch.
set -e
python=
for candidate in ${HRNET_PEERS_PYTHON:+"$HRNET_PEERS_PYTHON"} python3 /usr/bin/python3; do
    if "$candidate" -c 'import torch' 2>/dev/null; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    echo "skipped: no python3 with torch"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
PYTHONDONTWRITEBYTECODE=1 "$python" "$(dirname "$0")/state_torch.py" "$1" "$2" "$3" "$folder"
