"""What journals say is not believed: they come from anywhere, by a merge."""

from __future__ import annotations

import getpass
import logging
import os
import sqlite3
import subprocess
import sys

import pytest

from whence.base.error import StoreError
from whence.store import Store, layout, merge
from whence.store.process import user_name
from whence.testing.fault import FaultyFiles


@pytest.mark.parametrize(
    "digest", ["", "ab", "AB" * 32, "ab/etc/passwd", "../" * 21 + "x", "a" * 65, "a" * 64 + "\n"]
)
def test_only_a_digest_becomes_a_path(store: Store, digest: str) -> None:
    with pytest.raises(StoreError, match="is not a digest"):
        layout.object_path(store.root, digest)
    assert not store.has(digest)
    assert store.locate(digest) is None
    with pytest.raises(StoreError, match="is not a digest"):
        store.get(digest)


@pytest.mark.parametrize("digest", ["ab/etc/passwd", "..", "sha1:../x"])
def test_an_artifact_with_a_digest_that_is_none_is_dropped(store: Store, digest: str) -> None:
    writer = store.writer()
    fact = {"name": "a", "category": "output", "kept": "object"}
    writer.append("artifact", "r", {**fact, "digest": digest})
    writer.append("artifact", "r", {**fact, "digest": "sha1:" + "0" * 40})
    (artifact,) = store.index().state("r")["artifacts"]
    assert artifact["digest"] == "sha1:" + "0" * 40
    writer.close()


@pytest.mark.parametrize(
    "pack", ["../../secret", "/etc/passwd", "2026-11-21/../../../secret", "2026-11-21/secret", 7]
)
def test_a_pack_elsewhere_is_not_read(store: Store, pack: object) -> None:
    (store.project / "secret").write_bytes(b"secret")
    digest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
    writer = store.writer()
    facts = {"digest": digest, "pack": pack, "offset": 0, "length": 6}
    writer.append("pack", "", facts)  # type: ignore[arg-type]
    writer.close()
    assert not store.has(digest)
    with pytest.raises(StoreError, match="has no content"):
        store.get(digest)
    assert store.verify().packed == 0


def test_a_merge_takes_nothing_from_elsewhere(store: Store) -> None:
    theirs = Store.create(store.project / "theirs")
    (theirs.project / "far").mkdir()
    (theirs.project / "far/secret").write_bytes(b"secret")
    facts = {"name": "a", "category": "output", "kept": "object", "digest": "../../far/secret"}
    theirs.writer().append("artifact", "r", {**facts, "meta": {"also": "a" * 64}})
    theirs.writer().close()
    (theirs.root / "objects").mkdir()
    merge(store, theirs)
    assert not (store.project / "far").exists()


def test_the_first_use_by_many_processes_at_once(store: Store) -> None:
    store.writer().append("set", "r", {"f": {"name": "x"}})
    store.writer().close()
    script = (
        "import sys; from whence.store import Store; print(Store.open(sys.argv[1]).index().ids())"
    )
    for _ in range(3):
        index = store.index()
        index.close()
        index.path.unlink()
        command = [sys.executable, "-c", script, str(store.root)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        running = [subprocess.Popen(command, **pipes) for _ in range(4)]  # type: ignore[call-overload]
        for process in running:
            out, err = process.communicate(timeout=300)
            assert (process.returncode, out, err) == (0, b"['r']\n", b"")


def test_a_journal_mode_that_is_held_by_another_is_left(store: Store) -> None:
    index = store.index()
    index.close()
    other = sqlite3.connect(index.path, isolation_level=None)
    other.execute("PRAGMA journal_mode = DELETE")
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM run").fetchone()
    assert store.index().ids() == []
    other.close()
    index.close()


def test_the_index_is_made_anew_only_if_it_is_damaged(store: Store) -> None:
    index = store.index()
    before = index.path.stat().st_ino

    def wrong() -> None:
        index.connection.execute("SELECT x FROM nowhere")

    with pytest.raises(StoreError, match="nowhere"):
        index._safely(wrong)

    def without_a_name() -> None:
        raise sqlite3.ProgrammingError("Cannot operate on a closed database.")

    with pytest.raises(StoreError, match="closed database"):
        index._safely(without_a_name)
    assert index.path.stat().st_ino == before
    index.close()
    index.path.write_bytes(b"not a database" * 100)
    assert store.index().ids() == []
    index.close()


def test_the_user_is_who_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    monkeypatch.setenv("LOGNAME", "somebody")
    assert getpass.getuser() == "somebody"
    assert user_name() == pwd.getpwuid(os.getuid()).pw_name


def test_what_fails_at_the_end_is_logged(
    faulty: tuple[Store, FaultyFiles],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store, files = faulty
    writer = store.writer()
    writer.append("set", "r", {"f": {"name": "x"}})
    files.failing["sync"] = 5
    with caplog.at_level(logging.ERROR, "whence.store"):
        writer._leave()
    assert "cannot bring to the disk" in caplog.text
    assert capsys.readouterr().err == ""
    files.failing.clear()
