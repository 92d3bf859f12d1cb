"""The law of frames: lines that are read together tell what each of them tells alone."""

from __future__ import annotations

import math
from typing import Any

import orjson
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from whence.base.escape import encode
from whence.store.table import Table, join, tables_of

finite = st.floats(allow_nan=False, allow_infinity=False)
values = st.one_of(
    st.integers(-5, 5),
    st.integers(-(2**64), 2**64 - 1),
    st.integers(-(2**80), 2**80),
    finite,
    st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 1e-300, 1e22, True, False, None]),
)
odd = ["loss", "m1", "m2", "e", '"n":', 'a","w":1', "1,5", "\\", '\\"', "ü{}:", "5e-1", "$float"]
names = st.sampled_from(odd) | st.text(st.characters(codec="utf-8"), max_size=4)
orders = st.sampled_from(
    ["nrswtv"] * 6 + ["nswtrv", "vnrswt", "nrswtvo", "nrbswtv", "nrtwsv", "or"]
)
edits = st.tuples(
    st.integers(0, 10**6), st.booleans(), st.sampled_from('0159eE.-+,:{}"\\ n\n') | st.just("")
)


@st.composite
def batches(draw: st.DrawFn) -> list[bytes]:
    """Lines of a few kinds, most of them of one, and now and then one with another character."""
    kinds = draw(st.lists(st.tuples(orders, st.lists(names, max_size=3)), min_size=1, max_size=3))
    lines: list[bytes] = []
    for _ in range(draw(st.integers(1, 3))):
        order, given_names = draw(st.sampled_from(kinds))
        kind = draw(st.sampled_from([finite, values, st.integers(-9, 9), st.booleans()]))
        run = draw(st.sampled_from(["r1", "r2", "q"]))
        for _ in range(draw(st.sampled_from([1, 9, 12]))):
            members: dict[str, tuple[str, Any]] = {
                "n": ("n", len(lines)),
                "r": ("run", run),
                "s": ("s", draw(st.none() | st.integers(-(2**63) + 1, 2**63 - 1))),
                "w": ("w", draw(finite)),
                "t": ("t", draw(finite | st.integers(0, 9))),
                "v": ("v", encode({name: draw(kind) for name in given_names})),
                "o": ("op", "head"),
                "b": ("by", "another"),
            }
            lines.append(orjson.dumps(dict(members[letter] for letter in order))[:-1])
    for at, many, character in draw(st.lists(edits, max_size=2)):
        for i in range(len(lines)) if many else [at % len(lines)]:
            place = at % (len(lines[i]) + 1)
            cut = place + (at % 2)
            lines[i] = lines[i][:place] + character.encode() + lines[i][cut:]
    return lines


def told(tables: list[Table]) -> dict[Any, list[tuple[str, bytes]]]:
    assert len({table.key for table in tables}) == len(tables)
    return {t.key: [(column.dtype.str, column.tobytes()) for column in t.columns] for t in tables}


def line(n: int, cell: str = '"loss":0.5}') -> bytes:
    return f'{{"n":{n},"run":"r","s":0,"w":0.5,"t":1.5,"v":{{{cell}'.encode()


def amid(cell: str) -> list[bytes]:
    """A line with something else, far from the first and the last ones."""
    return [*map(line, range(6)), line(6, cell), *map(line, range(7, 14))]


@settings(max_examples=150, deadline=None)
@given(batches())
@example(amid('"loss":0.5}5'))
@example(amid('"loss":5}0.5'))
@example(amid('5"loss":0.5}'))
@example(amid('"loss"5:0.5}'))
@example(amid('"loss5":0.5}'))
@example(amid('"loss":.}'))
@example(amid('"loss":0.5'))
@example([line(i, '"m1":0.5}' if i < 5 or i > 8 else '"m2":0.5}') for i in range(14)])
@example([line(i, '"loss":5}' if i % 2 else '"loss":{"$float":"nan"}}') for i in range(30)])
@example([line(i, f'"loss":{{"$int":"{2**70 + i}"}}}}') for i in range(9)])
@example([line(i, '"$map":5}') for i in range(9)])
def test_lines_read_together_tell_what_each_tells_alone(lines: list[bytes]) -> None:
    alone = join(table for one in lines for table in tables_of([one], "w"))
    assume(all(len(set(table.n.tolist())) == len(table.n) for table in alone))
    ordered = [table.take(table.n.argsort(kind="stable")) for table in alone]
    assert told(tables_of(lines, "w")) == told(ordered)
