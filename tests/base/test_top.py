import importlib
import os
import subprocess
import sys

import pytest

from whence.base.code import code_digest, identity_of

ACTING = "import sys\nsys.intern('one')\n\ndef f(x):\n    return x + 1\n"


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Imports a module as Python does, which keeps what it compiled; told by a digest of `f`."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "kept_by_python.py"

    def write(text, at):
        path.write_text(text)
        os.utime(path, (at, at))  # an edit in the same second is none to Python either

    def load():
        sys.modules.pop(path.stem, None)
        importlib.invalidate_caches()
        return importlib.import_module(path.stem)

    yield write, load
    sys.modules.pop(path.stem, None)


def test_what_a_module_did_before_its_file_was_edited_is_like_nothing_else(kept):
    write, load = kept
    write(ACTING, 1e9)
    clean = identity_of(load().f)
    old = load()
    write(ACTING.replace("one", "another"), 1.1e9)
    edited = identity_of(old.f)
    assert edited.edited == ("kept_by_python",)
    assert edited == identity_of(old.f)
    fresh = identity_of(load().f)
    assert fresh.edited == ()
    assert len({clean.digest, edited.digest, fresh.digest}) == 3
    write(ACTING, 1.2e9)
    assert identity_of(load().f) == clean


def test_an_edit_of_another_function_leaves_what_a_module_did(kept):
    write, load = kept
    more = "\ndef g(x):\n    return {}\n"
    write(ACTING + more.format(1), 1e9)
    clean = identity_of(load().f)
    old = load()
    write(ACTING + more.format(2), 1.1e9)
    assert identity_of(old.f) == clean


def test_what_a_module_did_is_known_once_it_was_looked_at(kept):
    write, load = kept
    write(ACTING, 1e9)
    old = load()
    clean = identity_of(old.f)
    write(ACTING.replace("one", "another"), 1.1e9)
    assert identity_of(old.f) == clean
    assert identity_of(importlib.reload(old).f) != clean


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("class M:\n    x: int\ndef f():\n    return M\n", "int", "str"),
        ("def on(n):\n    return lambda f: f\n@on(1)\ndef f():\n    pass\n", "on(1)", "on(2)"),
        ("def f(x: int):\n    pass\n", "int", "str"),
    ],
)
@pytest.mark.parametrize("looked", [False, True])
def test_the_text_of_what_runs_is_not_that_of_an_edit(kept, text, old, new, looked):
    """Neither decorators nor annotations show in the compiled code of a function."""
    write, load = kept
    write(text, 1e9)
    clean = code_digest(load().f)
    module = load()
    if looked:
        code_digest(module.f)
    write(text.replace(old, new), 1.1e9)
    edited = code_digest(module.f)
    assert (edited == clean) == looked
    assert edited != code_digest(load().f) != clean


def test_a_function_of_another_file_is_not_taken_for_one_of_its_module(kept, tmp_path):
    write, load = kept
    write(ACTING, 1e9)
    module = load()
    clean = code_digest(module.f)
    other = tmp_path / "other.py"
    other.write_text("def g():\n    return 3\n")
    exec(compile(other.read_text(), str(other), "exec"), vars(module))
    assert identity_of(module.g).edited == ()
    assert code_digest(module.f) == clean


def test_what_a_script_did_before_it_was_edited_is_like_nothing_else(tmp_path):
    script = tmp_path / "script.py"
    lines = "import sys\nfrom whence.base.code import identity_of\nsys.intern('one')\n"
    lines += "def f(x):\n    return x\n"
    edit = "from pathlib import Path\nmine = Path(__file__)\n"
    edit += "mine.write_text(mine.read_text().replace('one', 'two'))\n"
    told = []
    for text in (lines, lines, lines + edit, lines + edit):
        script.write_text(text + "print(identity_of(f))\n")
        command = [sys.executable, "-B", str(script)]
        told.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert told[0] == told[1]
    assert "edited=('__main__',)" in told[2]
    assert told[2] != told[3]


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("x = sys.intern('one')", "x = sys.intern('two')"),
        ("x: str = sys.intern('one')", "x: str = sys.intern('two')"),
        ("with open('/dev/null') as x:\n    y = 'one'", "with open('/dev/zero') as x:\n    y = 1"),
        ("x = 0; x >> 1", "x = 0; x >> 2"),
        ("try:\n    x = sys.intern('one')\nexcept OSError:\n    x = 0", "x = 0"),
        ("for x in 'ab':\n    print(sys.intern('one'))", "for x in 'ab':\n    print('two')"),
    ],
)
def test_what_a_module_does_beside_giving_names_values_counts(module, line, other):
    text = "import sys\n{}\nx = 0\ndef f():\n    return x\n"
    before = code_digest(module(text.format(line)).f)
    assert code_digest(module(text.format(line)).f) == before
    assert code_digest(module(text.format(other)).f) != before


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("y = [1, float('2')]", "y = [1, float('3')]"),
        ("import numpy as np; y = np.linspace(0, 1, 3)", "import numpy as np; y = np.ones(4)"),
        ("from pathlib import Path; y = Path(__file__).resolve().parent", "y = 'a b'.split()"),
        ("def g():\n    return sys.intern('one')", "def g():\n    return sys.intern('two')"),
        ("if __name__ == '__main__':\n    sys.intern('one')", "print('started')"),
        ("if not sys:\n    raise ValueError('one')", "if not sys:\n    raise ValueError('two')"),
    ],
)
def test_what_only_makes_values_that_a_function_does_not_name_does_not_count(module, line, other):
    text = "import sys\n{}\ndef f():\n    return 1\n"
    before = code_digest(module(text.format(line)).f)
    assert code_digest(module(text.format(other)).f) == before


REGISTRY = """
class Law:
    def rate(self):
        return 0

{}
def f():
    return [law().rate() for law in {}()]
"""
LAWS = "class Fast(Law):\n    def rate(self):\n        return {}\n"


@pytest.mark.parametrize(
    "below",
    [
        "Law.__subclasses__",
        "Law().__class__.__subclasses__",
        "type(Law()).__subclasses__",
        "getattr(Law, '__subclasses__')",
    ],
)
def test_subclasses_count_for_code_that_goes_by_them(module, below):
    laws = ("", LAWS.format(1), LAWS.format(1), LAWS.format(2), LAWS.format(1) + "X = 1")
    told = [code_digest(module(REGISTRY.format(law, below)).f) for law in laws]
    assert told[1] == told[2] == told[4]
    assert len({*told[:2], told[3]}) == 3


def test_subclasses_of_a_class_of_a_library_count_too(module):
    text = "import json\nclass Mine(json.JSONEncoder):\n    n = {}\n"
    text += "def f():\n    return json.JSONEncoder.__subclasses__()\n"
    one, two = (code_digest(module(text.format(n)).f) for n in (1, 2))
    assert one != two


@pytest.mark.parametrize("use", ["import loud", "from loud import rate", "import quiet.loud"])
def test_an_identity_imports_nothing_that_does_things(module, tmp_path, use, capsys):
    module("rate = 2\n", "quiet.__init__")
    act = "rate = 3\nimport sys\nsys.stdout.write('acting')\n"
    (tmp_path / "loud.py").write_text(act)
    (tmp_path / "quiet" / "loud.py").write_text(act)
    identity = identity_of(module(f"def f():\n    {use}\n    return 1\n").f)
    assert capsys.readouterr().out == ""
    (unknown,) = identity.unknown
    assert "do it at the top of the file" in unknown
    importlib.import_module("loud" if "quiet" not in use else "quiet.loud")
    assert capsys.readouterr().out == "acting"
    assert identity_of(sys.modules["written"].f).unknown == ()
    for name in ("loud", "quiet", "quiet.loud"):
        sys.modules.pop(name, None)


def test_modules_that_only_define_are_imported_for_an_identity(module, tmp_path):
    (tmp_path / "calm.py").write_text("from calmer import rate\n")
    (tmp_path / "calmer.py").write_text("rate = 3\n")
    f = module("def f():\n    import calm\n    return calm.rate\n").f
    assert identity_of(f).unknown == ()
    assert sys.modules["calm"].rate == 3
    (tmp_path / "calmer.py").write_text("rate = 3\nprint(input())\n")
    for name in ("calm", "calmer"):
        del sys.modules[name]
    assert identity_of(f).unknown
    assert "calm" not in sys.modules
