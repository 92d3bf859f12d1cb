"""The names at the front door."""

import subprocess
import sys

import pytest

import whence


@pytest.mark.parametrize("name", whence.__all__)
def test_every_public_name_is_there(name):
    assert getattr(whence, name) is not None
    assert name in dir(whence)


def test_sweep_is_the_function_whatever_was_imported_before(tmp_path):
    program = (
        "import pathlib, whence.app.sweep, whence\n"
        "def square(out, x): pathlib.Path(out, 'y.txt').write_text(str(x * x))\n"
        "space = whence.ParamSpace({'x': whence.ParamDim(default=0, values=[2, 3])})\n"
        "print(sorted(whence.sweep(square, space).done))\n"
    )
    (tmp_path / "square.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "square.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.strip() == "['1', '2']", done.stderr
    assert (tmp_path / "runs/square/sim_2/y.txt").read_text() == "9"
