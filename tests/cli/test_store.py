from __future__ import annotations

import os
from pathlib import Path

import pytest

from whence.testing.command import CommandLine


@pytest.fixture
def two(tmp_path: Path) -> tuple[CommandLine, CommandLine]:
    found = []
    for name in "ab":
        folder = tmp_path / name
        folder.mkdir()
        whence = CommandLine(folder, tmp_path / "cache")
        whence("init")
        found.append(whence)
    found[1]("run", "--", "echo", "hello")
    return found[0], found[1]


def test_init_says_whether_it_made_one(tmp_path: Path) -> None:
    whence = CommandLine(tmp_path, tmp_path / "cache")
    assert whence.json("init", "--shared") == {"store": str(tmp_path / ".whence"), "created": True}
    assert whence.json("init")["created"] is False
    assert (tmp_path / ".whence").stat().st_mode & 0o2070 == 0o2070


def test_merge_shows_then_copies_then_has_nothing_to_do(
    two: tuple[CommandLine, CommandLine],
) -> None:
    whence, other = two
    dry = whence.json("merge", other.cwd, "--dry-run")
    assert (dry["journals"], dry["dry_run"]) == (1, True)
    assert whence.json("list") == []
    assert "Would copy 1 journal" in whence("merge", other.cwd, "-n").stdout
    assert whence("merge", other.cwd).stdout.startswith("Copied 1 journal")
    assert [run["name"] for run in whence.json("list")] == ["echo"]
    assert "nothing that this store has not" in whence("merge", other.cwd / ".whence").stdout
    assert whence.json("merge", other.cwd, "--thorough") == {
        **dict.fromkeys(("journals", "packs", "objects", "claims", "size"), 0),
        "dry_run": False,
        "conflicts": [],
        "damaged": [],
    }


def test_merge_needs_another_store(two: tuple[CommandLine, CommandLine], tmp_path: Path) -> None:
    whence, _ = two
    for other, words in ((".", "with itself"), (tmp_path / "none", "there is no store")):
        done = whence("merge", other, check=False)
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_damage_is_named_and_mended(two: tuple[CommandLine, CommandLine]) -> None:
    whence, other = two
    whence("merge", other.cwd)
    (path,) = whence.cwd.glob(".whence/journals/*/*.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"hello", b"hallo"))
    done = whence("verify", check=False)
    assert done.returncode == 1
    assert f"journals/{path.parent.name}/{path.name}:" in done.stdout
    assert "whence merge --thorough OTHER" in done.stdout
    assert whence.json("verify", check=False)["sound"] is False
    whence("merge", other.cwd, "--thorough")
    assert "all is as it was written" in whence("verify").stdout
    assert path.read_bytes() == whole


def test_gc_shows_before_it_does(two: tuple[CommandLine, CommandLine]) -> None:
    _, whence = two
    assert whence("gc").stdout == "There is nothing to do.\n"
    told = whence.json("gc", "--yes")
    assert (told["done"], told["freed"], told["problems"]) == (True, 0, [])
    leftover = whence.cwd / ".whence/journals/2020-01-01/x.jsonl.1a2b3c4d"
    leftover.parent.mkdir()
    leftover.write_bytes(b"half")
    os.utime(leftover, (1, 1))
    assert "1 unfinished file is removed" in whence("gc").stdout
    assert leftover.exists()
    assert "Done." in whence("gc", "--yes").stdout
    assert not leftover.exists()


def test_doctor_tells_where_the_index_lies_and_what_the_store_holds(
    two: tuple[CommandLine, CommandLine],
) -> None:
    _, whence = two
    told = whence.json("doctor")
    assert told["well"] is True
    assert {"git", "rsync", "sqlite", "store", "cache", "access", "fsync", "clock"} <= {
        finding["name"] for finding in told["findings"]
    }
    assert told["usage"]["journals"]["files"] == 1
    assert told["index"]["why"] == "WHENCE_CACHE"
    assert str(whence.cache) in whence("doctor").stdout
    assert list(whence.cwd.glob(".whence/doctor*")) == []


def test_doctor_says_what_is_wrong_and_how_to_mend_it(tmp_path: Path) -> None:
    whence = CommandLine(tmp_path, tmp_path / "cache")
    whence("init", "--shared")
    (tmp_path / ".whence/journals").mkdir(mode=0o700)
    done = whence("doctor", check=False)
    assert done.returncode == 1
    assert "1 folder is closed to the group" in done.stdout
    assert "chmod g+rwxs" in done.stdout


def test_doctor_tells_which_files_say_what_runs_are_given(tmp_path: Path) -> None:
    whence = CommandLine(tmp_path, tmp_path / "cache")
    whence("init")
    (tmp_path / "simvue.toml").write_text("[run]\ntags = ['argon']\n")
    told = {finding["name"]: finding for finding in whence.json("doctor")["findings"]}
    assert told["settings"]["told"] == str(tmp_path / "simvue.toml")
    (tmp_path / "whence.toml").write_text("[run]\ntag = ['argon']\n")
    done = whence("doctor", check=False)
    assert done.returncode == 1
    assert "unknown key 'tag'" in " ".join(done.stdout.split())
    assert "Did you mean 'tags'?" in done.stdout
    (tmp_path / "whence.toml").write_text("[evaluation]\nplot = 'a'\n")
    assert "unknown key 'plot'" in " ".join(whence("doctor", check=False).stdout.split())


def test_doctor_tells_of_a_shell_that_has_a_command_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whence = CommandLine(tmp_path, tmp_path / "cache")
    whence("init")
    monkeypatch.setenv("SHELL", "/bin/zsh")
    told = {finding["name"]: finding for finding in whence.json("doctor")["findings"]}
    assert told["shell"]["state"] == "note"
    assert "alias whence='command whence'" in told["shell"]["mend"]
    monkeypatch.setenv("SHELL", "/bin/bash")
    assert "shell" not in {finding["name"] for finding in whence.json("doctor")["findings"]}


def test_reindex_counts(two: tuple[CommandLine, CommandLine]) -> None:
    assert two[1].json("reindex") == {"runs": 1}
