import json
import os

import pytest

from whence.runs import Run, checkout, code_facts, code_of_script
from whence.runs.environment import environment
from whence.runs.git import ask as asked
from whence.testing.repository import git


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "trunk")
    (folder / "model.py").write_text("x = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def ask(folder, within=60.0):
    return asked(folder, within)


def test_git_tells_commit_branch_and_dirt(repository):
    found = ask(repository)
    assert (len(found.commit), found.branch, found.dirty) == (40, "trunk", False)
    (repository / "untracked.dat").write_text("output of a run")
    assert not ask(repository).dirty
    (repository / "model.py").write_text("x = 2\n")
    assert ask(repository).dirty


def test_a_detached_head_has_no_branch_and_a_new_repository_no_commit(repository, tmp_path):
    git(repository, "checkout", "-q", "--detach")
    assert ask(repository).branch is None
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    git(fresh, "init", "-q")
    assert ask(fresh).commit is None


def test_without_a_repository_or_git_nothing_is_told(tmp_path, repository, monkeypatch):
    assert ask(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert ask(repository) is None


def test_git_is_given_up_when_it_is_slow(repository, tmp_path, monkeypatch):
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    assert ask(repository, 0.1) is None


def test_git_is_asked_once_for_many_runs(repository):
    assert checkout(repository) is checkout(repository)


def test_the_working_tree_is_not_touched(repository):
    before = (repository / ".git" / "index").stat().st_mtime_ns
    os.utime(repository / "model.py")  # git status would refresh the index for this
    ask(repository)
    assert (repository / ".git" / "index").stat().st_mtime_ns == before


def test_the_environment_knows_every_distribution_by_its_folder(tmp_path, monkeypatch):
    here = tmp_path / "site"
    for name in ("alpha-1.0.dist-info", "beta_gamma-2.1.dist-info", "unrelated"):
        (here / name).mkdir(parents=True)
    told = {"url": "file:///work/alpha", "vcs_info": {"commit_id": "abc"}, "dir_info": {}}
    (here / "alpha-1.0.dist-info" / "direct_url.json").write_text(json.dumps(told))
    monkeypatch.syspath_prepend(here)
    monkeypatch.syspath_prepend(tmp_path / "missing")
    found = environment()
    assert found["distributions"]["alpha"] == "1.0"
    assert found["distributions"]["beta_gamma"] == "2.1"
    assert "numpy" in found["distributions"]
    assert found["direct"]["alpha"] == {"url": "file:///work/alpha", "commit": "abc"}


def test_the_environment_is_stored_once(store):
    runs = [Run(store).init(str(i)) for i in range(3)]
    assert len({store.index().state(run.id)["environment"] for run in runs}) == 1
    packed = list((store.root / "packs").rglob("*.pack"))
    assert len(packed) == 1


def test_code_that_git_does_not_track_is_in_no_commit(tmp_path):
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    (tmp_path / "kept.py").write_text("x = 1\n")
    (tmp_path / "ignored.py").write_text("import kept\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        git(tmp_path, *words)
    kept = code_facts(code_of_script(tmp_path / "kept.py", tmp_path), tmp_path)
    assert kept["commit"]
    assert kept["dirty"] is False
    assert code_facts(code_of_script(tmp_path / "ignored.py", tmp_path), tmp_path)["dirty"] is True
