#!/bin/sh
# PyTorch goes on with our checkpoint.pth, and we with PyTorch's: state_torch.sh STATE_FILE CONFIG CHECKPOINT. Skipped (77)
# where no python has torch.
set -e
module=torch
. "$(dirname "$0")/../support/find_python.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
PYTHONDONTWRITEBYTECODE=1 "$python" "$(dirname "$0")/state_torch.py" "$1" "$2" "$3" "$folder"
