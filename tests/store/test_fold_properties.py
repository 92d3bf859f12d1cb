from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from whence.store.fact import files_of, fits
from whence.store.fold import fold
from whence.testing.record import placed_lines

Lines = list[tuple[tuple[int, str, int], dict[str, Any]]]


@settings(max_examples=40, deadline=None)
@given(placed_lines(final=True), st.randoms())
def test_the_order_of_arrival_does_not_matter(lines: Lines, random: Any) -> None:
    mixed = list(lines)
    random.shuffle(mixed)
    assert fold(mixed) == fold(lines)


@settings(max_examples=40, deadline=None)
@given(placed_lines(final=True))
def test_copies_of_lines_add_nothing(lines: Lines) -> None:
    assert fold(lines + lines) == fold(lines)


@settings(max_examples=40, deadline=None)
@given(placed_lines())
def test_files_of_a_line_are_artifacts_of_lines_of_their_own(lines: Lines) -> None:
    apart: Lines = []
    for (lc, writer, n), line in lines:
        told = [{"op": "artifact", **item} for item in files_of(line)]
        if line["op"] != "artifacts" or not told:
            told = [{**line, "op": "unknown" if line["op"] == "artifacts" else line["op"]}]
        for at, one in enumerate(told):
            place = {"n": n * 10 + at, "lc": lc, "t": line["t"], "of": line["of"]}
            apart.append(((lc, writer, n * 10 + at), {**one, **place}))
    assert fold(apart)["artifacts"] == fold(lines)["artifacts"]


@settings(max_examples=40, deadline=None)
@given(placed_lines(final=True), st.data())
def test_folding_on_is_folding_all(lines: Lines, data: st.DataObject) -> None:
    lines = sorted(lines, key=lambda item: item[0])
    cut = data.draw(st.integers(1, len(lines)))
    earlier = fold(lines[:cut])
    kept = repr(earlier)
    assert fold(lines[cut:], earlier) == fold(lines)
    assert repr(earlier) == kept


@settings(max_examples=40, deadline=None)
@given(placed_lines())
def test_the_last_word_counts(lines: Lines) -> None:
    state = fold(lines)
    expected: dict[str, Any] = {}
    tags: set[str] = set()
    deleted = False
    for _, line in sorted(lines, key=lambda item: item[0]):
        expected |= {name: x for name, x in line.get("f", {}).items() if fits(name, x)}
        if line["op"] == "tags":
            tags = (tags | set(line["add"])) - set(line["remove"])
        deleted = {"delete": True, "undelete": False}.get(line["op"], deleted)
    assert {name: state[name] for name in expected} == expected
    assert state["tags"] == sorted(tags)
    assert state["deleted"] is deleted


@settings(max_examples=40, deadline=None)
@given(placed_lines())
def test_only_its_owner_is_a_sign_of_life(lines: Lines) -> None:
    state = fold(lines)
    ordered = sorted(lines, key=lambda item: item[0])
    told = [line.get("f", {}) for _, line in ordered]
    taken = [n for n, f in enumerate(told) if "process" in f and fits("process", f["process"])]
    since = max(taken, default=0)
    owner = ordered[since][0][1]
    assert state["writer"] == owner
    assert state["heard"] == max(line["t"] for key, line in ordered[since:] if key[1] == owner)
    (lc, _, n), _ = ordered[-1]
    later = (lc + 9, "another", n), {"op": "tags", "t": lc + 9.0, "of": "r", "add": ["seen"]}
    after = fold([later], state)
    assert (after["heard"], after["last"]) == (state["heard"], lc + 9.0)


@settings(max_examples=40, deadline=None)
@given(placed_lines(final=True), st.data())
def test_wrong_shapes_are_left_out(lines: Lines, data: st.DataObject) -> None:
    wrong = st.none() | st.integers() | st.text() | st.lists(st.integers() | st.text())
    for _, line in lines:
        for name in set(line) - {"n", "lc", "op", "of", "t"}:
            if data.draw(st.booleans()):
                line[name] = data.draw(wrong)
    assert fold(lines)["id"] == "r"


@settings(max_examples=40, deadline=None)
@given(placed_lines(), st.integers(0, 5))
def test_a_tombstone_is_the_last_word_wherever_it_stands(lines: Lines, lc: int) -> None:
    key = (lc, "gc", 0)
    state = fold([*lines, (key, {"n": 0, "lc": lc, "t": 1.0, "op": "tombstone", "of": "r"})])
    kept = {name: value for name, value in state.items() if name not in ("key", "lc")}
    alone = fold([(key, {"n": 0, "lc": lc, "op": "tombstone", "of": "r"})])
    assert kept == {name: value for name, value in alone.items() if name not in ("key", "lc")}
    assert (state["deleted"], state["final"]) == (True, True)
