#!/usr/bin/env bash
# RTX engines on a bare machine with a GPU, CUDA and PyTorch, and no network.
#   bench/gpu.sh pack FOLDER [PYTHON]   on a machine with a network: make FOLDER, for that Python (3.12),
#                                       and beside it the same in pieces of 60 MB: FOLDER.part-aa, …
#   bench/gpu.sh run FOLDER             on the machine with the GPU, in a checkout of the same commit:
#                                       join the pieces if FOLDER is not there, print what is found, run all
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
verb=${1:-}
folder=${2:-}
if [[ -z $folder ]] || [[ $verb != pack && $verb != run ]]; then
  sed -n '2,6p' "$0" >&2
  exit 2
fi
mkdir -p "$(dirname "$folder")"
folder=$(cd "$(dirname "$folder")" && pwd)/$(basename "$folder")
cd "$root"
if [[ $verb == pack ]]; then
  .venv/bin/python -m bench.gpu_pack "$folder" "${3:-3.12}"
  tar -C "$folder" -czf - . | split -b 60M - "$folder.part-"
  ls -lh "$folder".part-*
  exit
fi
if [[ ! -d $folder ]]; then
  mkdir "$folder"
  cat "$folder".part-* | tar -C "$folder" -xzf -
fi
echo "kernel: $(uname -sr)   python: $(python3 -V 2>&1)"
nvidia-smi || echo "nvidia-smi: no driver answers"
export PYTHONPATH=$root:$folder/site MODELFERRY_TENSORRT_RTX_HOME=$folder/rtx
exec python3 bench/gpu_run.py "$folder"
