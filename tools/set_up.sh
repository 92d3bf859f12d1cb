#!/usr/bin/env bash
# set_up.sh VENV EXTRA: make VENV if it is not there and install whence into it with EXTRA ("nothing" for none).
set -euo pipefail
venv=$1
extra=$2

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

interpreter() {
    if [ -n "${PYTHON:-}" ]; then
        recent "$PYTHON" || { echo "PYTHON=$PYTHON does not run, or is older than 3.11." >&2; return 1; }
        echo "$PYTHON"
        return
    fi
    # Version managers put names on the path that refuse to run, so each is tried rather than looked up.
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if recent "$name"; then echo "$name"; return; fi
    done
    echo "whence needs Python 3.11 or newer and found none. Install it, or: make PYTHON=/path/to/python ..." >&2
    return 1
}

make_venv() {
    local python=$1
    "$python" -m venv "$venv" >/dev/null 2>&1 && return
    rm -rf "$venv"
    # Debian and Ubuntu ship the interpreter without its venv module.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing python3-venv, which Debian keeps apart from Python ..."
        apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
    fi
    "$python" -m venv "$venv" || {
        rm -rf "$venv"
        echo "$python cannot make virtual environments. On Debian or Ubuntu: sudo apt install python3-venv" >&2
        return 1
    }
}

# Pages are looked at in a real browser, blocks are shared on a real XFS, and words are completed in real
# shells; where these are not, those tests say so and are skipped.
install_packages() {
    local wanted=()
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || wanted+=(chromium fonts-dejavu-core)
    command -v mkfs.xfs >/dev/null || wanted+=(xfsprogs)
    command -v fish >/dev/null || wanted+=(fish)
    command -v zsh >/dev/null || wanted+=(zsh)
    if [ ${#wanted[@]} = 0 ] || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then return; fi
    echo "Installing ${wanted[*]}, which some tests use (once) ..."
    apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null 2>&1 ||
        echo "${wanted[*]} could not be installed; the tests that need them are skipped." >&2
}

# Tensors are tested with the build for CPUs. Where pip would bring the one for GPUs, which is gigabytes, or
# finds none, those tests say so and are skipped.
install_torch() {
    local pip=("$venv/bin/python" -m pip --quiet --disable-pip-version-check) found
    found=$("${pip[@]}" install --dry-run --report - -c constraints.txt torch safetensors 2>/dev/null) || found=
    if [ -z "$found" ]; then
        echo "PyTorch could not be had for this Python; the tests of tensors are skipped." >&2
    elif grep -qE '"name": "(nvidia|triton)' <<<"$found"; then
        echo "Only PyTorch for GPUs could be had; the tests of tensors are skipped without its build for CPUs." >&2
    else
        "${pip[@]}" install -c constraints.txt torch safetensors ||
            echo "PyTorch could not be installed; the tests of tensors are skipped." >&2
    fi
}

if ! recent "$venv/bin/python"; then
    rm -rf "$venv"
    python=$(interpreter)
    make_venv "$python"
fi

if [ "$extra" = test ]; then install_packages; fi

target=.
if [ "$extra" != nothing ]; then target=".[$extra]"; fi
echo "Installing $target into $venv (the first time takes a minute or two) ..."
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e "$target"
if [ "$extra" = test ]; then install_torch; fi
