import functools
import importlib
import subprocess
import sys
import textwrap

import pytest

from whence.transform.code import code_digest

SOURCE = """
import math
import {name}_other as other

FACTOR = 2

def inner(x):
    return x + FACTOR

class Scale:
    def __call__(self, x):
        return inner(x)

def plain(x, y=3):
    return Scale()(x) + y + math.pi + other.shift(x)

def lazy(x):
    from {name}_other import shift
    return shift(x)

def even(n):
    return n == 0 or odd(n - 1)

def odd(n):
    return n != 0 and even(n - 1)

def unrelated():
    return 1
"""
OTHER = """
STEP = 1

def shift(x):
    return x + STEP
"""
count = 0


@pytest.fixture
def digests(tmp_path, monkeypatch):
    """Digests of the functions of a module, after edits of it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(*edits):
        global count
        count += 1
        name = "edited"  # modules are told apart by path only where their code does not
        source, other = textwrap.dedent(SOURCE).format(name=name), OTHER
        for old, new in edits:
            assert old in source + other
            source, other = source.replace(old, new), other.replace(old, new)
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / f"{name}.py").write_text(source)
        (folder / f"{name}_other.py").write_text(other)
        for module in (name, f"{name}_other"):
            sys.modules.pop(module, None)
        monkeypatch.syspath_prepend(str(folder))
        importlib.invalidate_caches()
        module = importlib.import_module(name)
        return {f: code_digest(getattr(module, f)) for f in ("plain", "lazy", "even", "unrelated")}

    yield make
    for module in ("edited", "edited_other"):
        sys.modules.pop(module, None)


@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        (("y=3", "y=4"), {"plain"}),
        (("FACTOR = 2", "FACTOR = 3"), {"plain"}),
        (("return x + FACTOR", "return x - FACTOR"), {"plain"}),
        (("return inner(x)", "return 2 * inner(x)"), {"plain"}),
        (("return x + STEP", "return x * STEP"), {"plain", "lazy"}),
        (("return n != 0 and", "return n > 0 and"), {"even"}),
        (("return 1", "return 2"), {"unrelated"}),
    ],
)
def test_an_edit_changes_what_depends_on_it(digests, edit, changed):
    before, after = digests(), digests(edit)
    assert {name for name in before if before[name] != after[name]} == changed


def test_the_same_code_has_the_same_digest(digests):
    assert digests() == digests()


def test_closures_defaults_and_partials_count():
    def make(n):
        return lambda x: x + n

    assert code_digest(make(1)) == code_digest(make(1))
    assert code_digest(make(1)) != code_digest(make(2))
    assert code_digest(functools.partial(make, 1)) != code_digest(functools.partial(make, 2))
    first, second = object(), object()  # sentinels are alike

    def with_default(x, marker):
        def inner(y=marker):
            return x

        return inner

    assert code_digest(with_default(1, first)) == code_digest(with_default(1, second))


def test_what_cannot_be_identified_is_never_taken_for_the_same(tmp_path):
    with (tmp_path / "x").open("w") as file:

        def write(x):
            return file.write(x)

        assert code_digest(write) != code_digest(write)


def test_objects_count_with_their_state():
    class Power:
        def __init__(self, n):
            self.n = n

        def __call__(self, x):
            return x**self.n

    assert code_digest(Power(2)) == code_digest(Power(2))
    assert code_digest(Power(2)) != code_digest(Power(3))


def test_libraries_count_by_version():
    import numpy as np

    assert code_digest(np.mean) != code_digest(np.median)
    assert code_digest(len) == code_digest(len)
    assert code_digest(np.add) == code_digest(np.add)


def test_digests_do_not_depend_on_the_process():
    code = (
        "from whence.transform.code import code_digest; from whence.transform.arithmetic import"
        " expression, where; print(code_digest(expression), code_digest(where))"
    )
    outs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outs) == 1
