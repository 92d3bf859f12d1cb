"""What git and the environment take a while to tell is on record soon after a run began."""

import os
import subprocess
import sys
import textwrap

import pytest

from whence.runs import ProcessOptions, record_process
from whence.runs.git import diff, remote, untracked
from whence.runs.keeper import keeper_of
from whence.store import Store
from whence.testing.repository import git


@pytest.fixture
def repository(project):
    git(project, "init", "-q", "-b", "trunk")
    (project / "model.py").write_text("x = 1\n")
    (project / ".gitignore").write_text(".whence\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "first")
    git(project, "remote", "add", "origin", "https://me:secret@example.org/r.git")
    return project


SCRIPT = textwrap.dedent(
    """
    from whence.runs import Run
    from whence.runs.keeper import keeper_of
    for name in ("first", "second"):
        run = Run()
        run.init(name).close()
        keeper_of(run.store).settle(120)
    """
)


def states(store):
    return [store.index().state(run) for run in store.index().ids()]


def test_changes_and_untracked_files_are_stored_with_every_run(repository):
    store = Store.create(repository)
    (repository / "model.py").write_text("x = 2\n")
    (repository / "new.py").write_text("y = 1\n")
    (repository / "uv.lock").write_text("version = 1\n")
    index = (repository / ".git" / "index").stat().st_mtime_ns
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)
    assert (repository / ".git" / "index").stat().st_mtime_ns == index
    first, second = states(store)
    for state in (first, second):
        held = {a["name"]: a for a in state["artifacts"]}
        assert set(held) == {"git.diff", "git.untracked", "uv.lock"}
        assert b"+x = 2" in store.get(held["git.diff"]["digest"])
        assert store.get(held["git.untracked"]["digest"]) == b"new.py\nuv.lock\n"
        assert state["remote"] == "https://example.org/r.git"
        assert state["code"]["dirty"]
    assert "secret" not in str(first)


FORKING = textwrap.dedent(
    """
    import os, pathlib
    from whence.runs import Run
    from whence.runs.keeper import keeper_of
    from whence.testing.wait import until
    parent = Run().init()
    until(pathlib.Path("begun").exists)
    child = os.fork()
    run = parent if child else Run(parent.store).init()
    print(keeper_of(run.store).settle(20), flush=True)
    if child:
        os.waitpid(child, 0)
    run.close()
    """
)


def test_a_child_forked_while_git_answers_asks_for_itself(repository, tmp_path):
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text('#!/bin/sh\ncase "$*" in *diff*) touch begun; sleep 0.5;; esac\n'
                    'exec /usr/bin/git "$@"\n')  # fmt: skip
    slow.chmod(0o755)
    (repository / "model.py").write_text("x = 2\n")
    environment = {**os.environ, "PATH": f"{slow.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-c", FORKING], env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout == "True\nTrue\n"
    for state in states(Store.open(repository)):
        assert "git.diff" in {artifact["name"] for artifact in state["artifacts"]}


def test_a_clean_tree_has_nothing_to_tell(repository):
    store = Store.create(repository)
    record_process(store, ["true"], ProcessOptions(quiet=True))
    assert keeper_of(store).settle(120)
    (state,) = states(store)
    assert state["artifacts"] == []
    assert not state["code"]["dirty"]


def test_what_git_did_not_tell_in_time_is_told_later(repository, tmp_path, monkeypatch):
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text('#!/bin/sh\ncase "$*" in *status*) sleep 1.3;; esac\nexec /usr/bin/git "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    store = Store.create(repository)
    script = SCRIPT.replace(".close()", "")
    subprocess.run([sys.executable, "-c", script], check=True)
    for state in states(store):
        assert state["code"]["branch"] == "trunk"


def test_too_much_is_not_kept(repository, monkeypatch):
    (repository / "model.py").write_text("x = 2\n" * 1000)
    assert len(diff(repository)) > 1000
    monkeypatch.setattr("whence.runs.git._DIFF_BYTES", 100)
    assert diff(repository) is None
    assert untracked(repository) == b""
    assert remote(repository).endswith("r.git")


def test_conda_packages_and_gpus_are_told(project, tmp_path):
    meta = tmp_path / "conda" / "conda-meta"
    meta.mkdir(parents=True)
    (meta / "numpy-2.0-py311.json").write_text("{}")
    (meta / "history").write_text("")
    smi = tmp_path / "bin" / "nvidia-smi"
    smi.parent.mkdir()
    smi.write_text(
        '#!/bin/sh\ncase "$*" in *utilization*) echo "50, 2000, 4000";; '
        '*) echo "A100, 550.1, 40960";; esac\n'
    )
    smi.chmod(0o755)
    store = Store.create(project)
    script = """
from whence.runs import Run
from whence.runs.keeper import keeper_of
from whence.testing.point import points
from whence.testing.wait import until
run = Run().config(system_metrics_interval=0.2).init()
keeper_of(run.store).settle(120)
until(lambda: list(points(run.store, run.id)))
"""
    environment = {
        **os.environ,
        "CONDA_PREFIX": str(meta.parent),
        "PATH": f"{smi.parent}:{os.environ['PATH']}",
    }
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
    (state,) = states(store)
    (packages,) = [a for a in state["artifacts"] if a["name"] == "conda.packages"]
    assert store.get(packages["digest"]) == b"numpy-2.0-py311\n"
    assert state["gpus"] == [{"name": "A100", "driver": "550.1", "memory": "40960"}]
    from whence.testing.point import points

    values = next(iter(points(store, state["id"]))).values
    assert values["resources/gpu.utilisation.percent.0"] == 50
    assert values["resources/gpu.utilisation.memory.0"] == 50
