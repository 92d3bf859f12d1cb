"""Numbers of versions, and what journals say of versions."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.base.error import UserError
from whence.store import Store, aliases, claim_number, collect, merge, schema, version_id, versions
from whence.store.version import load_versions, speaks_of_version

DIGEST = "a" * 64


def claim(store: Store, name: str = "x") -> int:
    return claim_number(store.files, store.root, "c", name)


def test_numbers_are_given_once(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: claim(store), range(40)))
    assert sorted(numbers) == list(range(40))
    (store.root / "claims/c/x/v77").touch()
    (store.root / "claims/c/x/notes").touch()
    assert claim(store) == 78
    assert claim(store, "y") == 0


def test_names_that_differ_in_case_are_refused(store: Store) -> None:
    claim(store, "Maß")
    for name in ("maß", "MASS", "mass"):
        with pytest.raises(UserError, match="only in case"):
            claim(store, name)


@pytest.mark.parametrize(
    ("of", "op", "speaks"),
    [
        ("c/a/v0~w", "version", True),
        ("c/a/v10~w", "delete", True),
        ("c/a/v0~w", "tombstone", True),
        ("c/a", "alias", True),
        ("c/a/v0", "version", False),
        ("c/a/v00~w", "version", False),
        ("c/a/b/v0~w", "version", False),
        ("c/a/v0~w", "set", False),
        ("c/a", "delete", False),
        ("c", "alias", False),
        ("a-run", "delete", False),
    ],
)
def test_which_lines_speak_of_versions(of: str, op: str, speaks: bool) -> None:
    assert speaks_of_version(of, op) is speaks


WRITERS = st.sampled_from(["w1", "w2"])
NUMBERS = st.integers(0, 2)
KEYS = st.tuples(st.integers(1, 5), WRITERS, st.integers(0, 3))


@st.composite
def lines(draw: st.DrawFn) -> list[tuple[tuple[int, str, int], dict[str, object]]]:
    found = []
    for key in draw(st.lists(KEYS, unique=True, max_size=8)):
        number, writer = draw(NUMBERS), draw(WRITERS)
        thing = version_id("c", "a", number, writer)
        op = draw(st.sampled_from(["version", "alias", "delete", "undelete", "tombstone"]))
        line: dict[str, object] = {"op": op, "of": thing}
        if op == "version":
            line = {"op": op, "of": version_id("c", "a", number, key[1]), "digest": f"{key}"}
        elif op == "alias":
            line = {"op": op, "of": "c/a", "alias": "best", "number": number, "writer": writer}
        found.append((key, line))
    return found


def tables(*parts: list[tuple[tuple[int, str, int], dict[str, object]]]) -> object:
    db = sqlite3.connect(":memory:")
    for statement in schema.TABLES.split(";"):
        db.execute(statement)
    for part in parts:
        load_versions(db, part)
    found = (
        versions(db),
        aliases(db, "c", "a"),
        db.execute("SELECT collection, artifact, number, writer, deleted FROM gone").fetchall(),
    )
    db.close()
    return found


@given(lines().flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_the_order_in_which_lines_arrive_means_nothing(
    both: tuple[list[tuple[tuple[int, str, int], dict[str, object]]], ...],
) -> None:
    some, shuffled = both
    assert tables(some) == tables(shuffled) == tables(some, shuffled)


@given(lines())
def test_a_tombstone_is_final_and_one_of_a_number_has_no_twin(
    some: list[tuple[tuple[int, str, int], dict[str, object]]],
) -> None:
    found, _, gone = tables(some)  # type: ignore[misc]
    final = {line["of"] for _, line in some if line["op"] == "tombstone"}
    assert {version_id(*row[:4]) for row in gone if row[4] == 2} == final
    for number in {row.number for row in found}:
        same = [row for row in found if row.number == number]
        assert [row.twin for row in same].count("") == 1
        assert len({row.twin for row in same}) == len(same)


def log(store: Store, data: bytes) -> str:
    inner = store.writer().put(data)
    manifest = store.writer().put(b'{"files":[["f","%b",%d]]}' % (inner.digest.encode(), len(data)))
    thing = version_id("c", "a", claim(store, "a"), store.writer().id)
    told = {"type": "application/vnd.whence.manifest+json", "digest": manifest.digest}
    store.writer().append("version", thing, told)
    return thing


def test_lines_that_say_nothing_are_passed_over(store: Store) -> None:
    store.writer().append("version", "c/a/v0~w", {"digest": 3})
    store.writer().append("alias", "c/a", {"alias": 3, "number": 1, "writer": "w"})
    store.writer().append("alias", "c/a", {"alias": "x", "number": "1", "writer": "w"})
    db = store.index().connection
    assert versions(db) == []
    assert aliases(db, "c", "a") == {}


def test_merge_keeps_versions_and_numbers(tmp_path: Path) -> None:
    here, there = (Store.create(tmp_path / name) for name in "ab")
    log(here, b"here")
    log(there, b"there" * 20_000)
    log(there, b"more")
    merge(here, there)
    found = versions(here.index().connection, "c", "a")
    assert [(row.number, bool(row.twin)) for row in found] == [(0, False), (0, True), (1, False)]
    assert claim(here, "a") == 2
    report = here.verify()
    assert report.sound
    assert report.incomplete == []


def test_merge_tells_of_aliases_that_point_elsewhere_now(tmp_path: Path) -> None:
    here, there = (Store.create(tmp_path / name) for name in "ab")
    writers = [store.writer().id for store in (here, there)]

    def point(store: Store, alias: str, number: int | None) -> None:
        told = {"alias": alias, "number": number, "writer": store.writer().id}
        store.writer().append("alias", "c/a", told)

    for alias in ("published", "twin", "gone", "mine"):
        point(there, alias, 5)
        point(here, alias, 0)
    before = aliases(here.index().connection, "c", "a")
    assert merge(here, there).conflicts == []  # what was set here is later
    assert aliases(here.index().connection, "c", "a") == before
    point(there, "published", 1)
    point(there, "twin", 0)
    point(there, "gone", None)
    told = [problem.message for problem in merge(here, there).conflicts]
    assert told == [
        "the alias 'gone' of c/a pointed to v0 here, and points to nothing now, "
        "as it was set last in the other store",
        "the alias 'published' of c/a pointed to v0 here, and points to v1 now, "
        "as it was set last in the other store",
        f"the alias 'twin' of c/a pointed to v0~{writers[0]} here, and points to v0~{writers[1]} "
        "now, as it was set last in the other store",
    ]
    found = aliases(here.index().connection, "c", "a")
    assert found == {
        "mine": (0, writers[0]), "published": (1, writers[1]), "twin": (0, writers[1])
    }  # fmt: skip
    assert merge(here, there).conflicts == []


def test_verify_misses_the_files_of_versions(store: Store) -> None:
    log(store, b"x" * 100_000)
    (content,) = (path for path in store.root.glob("objects/*/*") if path.is_file())
    content.unlink()
    (problem,) = store.verify().incomplete
    assert "a file of c/a/v0~" in problem.message


def test_gc_keeps_what_versions_name_and_takes_what_deleted_ones_did(store: Store) -> None:
    kept, dropped = log(store, b"k" * 100_000), log(store, b"d" * 100_000)
    store.writer().append("delete", dropped, {})
    store.writer().close()
    month = 30 * 86400.0
    for days in (1, 2):
        later = Store.open(store.root, clock=lambda days=days: _now() + days * month)
        collect(later, act=True)
        later.writer().close()
    objects = [path for path in store.root.glob("objects/*/*") if path.is_file()]
    assert len(objects) == 1
    last = Store.open(store.root)
    found = versions(last.index().connection)
    assert [row.deleted for row in found if version_id(*row[:3], row.writer) == kept] == [0]
    assert all(row.deleted for row in found if version_id(*row[:3], row.writer) == dropped)


def test_gc_of_a_version_leaves_the_other_of_its_number_its_name(tmp_path: Path) -> None:
    here, there = (Store.create(tmp_path / name) for name in "ab")
    first, second = log(here, b"here"), log(there, b"there")
    merge(here, there)
    here.writer().append("delete", first, {})
    for store in (here, there):
        store.writer().close()
    before = [row._replace(deleted=0) for row in versions(here.index().connection)]
    assert [row.twin for row in before] == ["", second.rpartition("~")[2]]
    for days in (20, 40):
        later = Store.open(here.root, clock=lambda days=days: _now() + days * 86400.0)
        collect(later, act=True)
        later.writer().close()
        found = versions(later.index().connection)
        assert [row._replace(deleted=0) for row in found] == before
        assert [row.deleted for row in found] == [2, 0]


def _now() -> float:
    import time

    return time.time()
