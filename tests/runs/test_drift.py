"""Whether a script or module was edited after it was read: told where it was, and only there."""

import importlib
import subprocess
import sys
import textwrap
import time

import pytest

from whence.runs.drift import drifted
from whence.store import Store

SCRIPT = """
import helper, pathlib
from whence import Run

{edit}
with Run() as run:
    run.init("x")
    print(run.id)
"""
HELPER = "RATE = 1\n\ndef law():\n    return RATE\n"


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ("", None),
        ("pathlib.Path('other.py').write_text('x = 1')", None),
        ("file = pathlib.Path('main.py'); file.write_text(file.read_text() + '# more')", None),
        ("file = pathlib.Path('main.py'); file.write_text(file.read_text() + 'x = 1')", "main.py"),
        (
            "file = pathlib.Path('helper.py'); "
            "file.write_text(file.read_text().replace('return RATE', 'return 2 * RATE'))",
            "helper.py",
        ),
        ("pathlib.Path('helper.py').write_text('# moved\\n' + {helper!r})", None),
        ("pathlib.Path('helper.py').unlink()", None),
    ],
)
def test_only_a_file_that_holds_something_else_is_told_of(project, edit, told):
    store = Store.create(project)
    edit = edit.replace("{helper!r}", repr(HELPER))
    (project / "helper.py").write_text(HELPER)
    (project / "main.py").write_text(textwrap.dedent(SCRIPT).format(edit=edit))
    command = [sys.executable, "-B", "main.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=project)
    events = [line["message"] for line in store.lines(done.stdout.strip(), ("event",))]
    assert events == ([f"{told} was edited after this process had read it: what ran is older"]
                      if told else [])  # fmt: skip


def test_a_file_that_an_editor_replaces_just_now_counts_as_edited(tmp_path, monkeypatch):
    path = tmp_path / "replaced.py"
    path.write_text(HELPER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    importlib.import_module("replaced")
    try:
        path.unlink()
        assert drifted([("replaced.py", path)], time.time()) == ("replaced.py",)
        assert drifted([("other.py", tmp_path / "other.py")], time.time()) == ()
        path.write_text(HELPER)
        assert drifted([("replaced.py", path)], time.time()) == ()
    finally:
        del sys.modules["replaced"]
