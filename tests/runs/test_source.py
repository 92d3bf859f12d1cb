import os
import shutil
import time

import pytest

from whence.base import digest
from whence.base.digest import digest_file
from whence.runs.source import Sources

FILES = {
    "main.py": "import one, late\nfrom pkg import sub\nfrom pkg.gone import x\nimport linked\n",
    "one.py": "from pkg.sub import y\nimport space.deep\n",
    "pkg/__init__.py": "",
    "pkg/sub.py": "from . import near\nfrom .. import odd\n",
    "other.py": "import one\n",
    "another.py": "import other\n",
}


def write(root, name, text="import one\n"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def move_link(root):
    (root / "linked.py").unlink()
    (root / "linked.py").symlink_to("another.py")


CHANGES = {
    "a module that was missing": lambda root: write(root, "late.py"),
    "a module below": lambda root: write(root, "pkg/near.py"),
    "a package for a module": lambda root: write(root, "one/__init__.py"),
    "a package of no files": lambda root: write(root, "space/deep.py"),
    "a package on the way": lambda root: write(root, "src/late/__init__.py", "import other\n"),
    "another import": lambda root: write(root, "one.py", "import other  \n"),
    "an edit of the same length": lambda root: write(root, "pkg/sub.py", FILES["pkg/sub.py"][::-1]),
    "a module gone": lambda root: (root / "pkg/sub.py").unlink(),
    "a package gone": lambda root: shutil.rmtree(root / "pkg"),
    "a package no more": lambda root: (root / "pkg/__init__.py").unlink(),
    "a folder for a module": lambda root: (
        (root / "one.py").unlink(), (root / "one.py").mkdir(), write(root, "one.py/x.py")
    ),
    "a link elsewhere": move_link,
    "a file of no matter": lambda root: write(root, "result.csv"),
    "a plug-in": lambda root: write(root, "plug/ins/new.py"),
    "a module where it will be looked for": lambda root: write(root, "later/on/late.py"),
    "a touch": lambda root: os.utime(root / "one.py", (1e9, 1e9)),
}  # fmt: skip
MORE = {
    "imports": "",
    "computed imports": "__import__(name)\n",
    "sys.path": "sys.path.append(os.path.join('later', 'on'))\n",
}


@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("old", [False, True])
def test_what_is_held_is_what_would_be_found(tmp_path, monkeypatch, change, more, old):
    """Held by the times of files, or while these are too young to tell by what is in them."""
    for name, text in FILES.items():
        write(tmp_path, name, text)
    write(tmp_path, "main.py", FILES["main.py"] + more)
    (tmp_path / "linked.py").symlink_to("other.py")
    held, script = Sources(), [tmp_path / "main.py"]
    if old:
        monkeypatch.setattr(digest, "_YOUNG", 0)
        time.sleep(0.02)  # longer than the times of a file system are apart
    before = held.of(script, tmp_path)
    assert {path.name for path in before} >= {"main.py", "one.py", "sub.py", "other.py"}
    assert held.of(script, tmp_path) == before == Sources().of(script, tmp_path)
    change(tmp_path)
    for _ in range(2):
        now = held.of(script, tmp_path)
        assert now == Sources().of(script, tmp_path)
        assert now == {path: digest_file(path) for path in now}


@pytest.mark.parametrize(
    ("more", "change", "name"),
    [
        (MORE["computed imports"], "a plug-in", "new.py"),
        (MORE["sys.path"], "a module where it will be looked for", "late.py"),
    ],
)
def test_what_comes_later_to_where_modules_may_lie_counts(tmp_path, more, change, name):
    for file, text in FILES.items():
        write(tmp_path, file, text)
    write(tmp_path, "main.py", FILES["main.py"] + more)
    held, script = Sources(), [tmp_path / "main.py"]
    assert name not in {path.name for path in held.of(script, tmp_path)}
    CHANGES[change](tmp_path)
    assert name in {path.name for path in held.of(script, tmp_path)}


@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
def test_nothing_is_read_again_as_long_as_nothing_changes(tmp_path, monkeypatch, more):
    for name, text in FILES.items():
        write(tmp_path, name, text)
    write(tmp_path, "main.py", FILES["main.py"] + more)
    monkeypatch.setattr(digest, "_YOUNG", 0)
    held, script = Sources(), [tmp_path / "main.py"]
    before = held.of(script, tmp_path)
    assert held.of(script, tmp_path) is before
    write(tmp_path, "result.csv")
    assert held.of(script, tmp_path) is before
