"""Laws of the columnar copy: it gives what the journal holds, however it came about."""

from __future__ import annotations

import math
import tempfile
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from whence.store import NO_STEP, Store, tables
from whence.testing.point import points

Row = tuple[int | None, float, float, tuple[tuple[str, Any], ...]]

values = st.one_of(
    st.floats(), st.integers(-(2**80), 2**80), st.booleans(), st.integers(-5, 5), st.just(0.25)
)
names = st.sampled_from(["loss", "w", "t", 'odd ",w": }', "temperature/ü"])
calls = st.tuples(
    st.sampled_from(["r", "q"]),
    st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dictionaries(names, values, min_size=1, max_size=3),
)
looks = st.just(None)


def number(value: Any) -> Any:
    """Values of a column of mixed kinds come as float64."""
    try:
        value = float(value)
    except OverflowError:
        value = math.inf if value > 0 else -math.inf
    return "nan" if math.isnan(value) else value


def expected(store: Store, run: str) -> list[Row]:
    return [
        (p.step, p.time, p.stamp, tuple((name, number(v)) for name, v in p.values.items()))
        for p in points(store, run)
    ]


def found(store: Store, run: str) -> list[Row]:
    rows = []
    for table in tables(store, run):
        for at, n in enumerate(table.n.tolist()):
            cells = [
                (name, number(c[at])) for name, c in zip(table.names, table.values, strict=True)
            ]
            step = int(table.step[at])
            row = (None if step == NO_STEP else step), float(table.time[at]), float(table.stamp[at])
            rows.append((n, (*row, tuple(cells))))
    return [row for _, row in sorted(rows, key=lambda item: item[0])]


@settings(max_examples=60, deadline=None)
@given(st.lists(calls | looks, max_size=25))
def test_a_copy_made_bit_by_bit_says_what_the_journal_says(script: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(folder)
        begun = {"r": False, "q": False}
        for call in script:
            if call is None:
                for run in (run for run, there in begun.items() if there):
                    assert found(store, run) == expected(store, run)
                continue
            run, step, time, given_values = call
            store.writer().metrics(run, step, time, 1.5, given_values)
            begun[run] = True
        for run in (run for run, there in begun.items() if there):
            assert found(store, run) == expected(store, run)
        store.writer().close()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 255), st.booleans())
def test_a_flipped_byte_costs_a_line_at_most_and_changes_none(
    place: int, flip: int, before: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(folder)
        for i in range(12):
            store.writer().metrics("r", i, 0.5, 1.5, {"loss": i / 4})
        store.writer().close()
        whole = expected(store, "r")
        (path,) = (store.root / "journals").glob("*/*.metrics.jsonl")
        data = bytearray(path.read_bytes())
        data[place % len(data)] ^= flip
        path.write_bytes(data)
        if before:
            tables(store, "r")
        rows = found(store, "r")
        assert set(rows) <= set(whole)
        assert set(expected(store, "r")) <= set(rows)
        assert len(rows) >= len(whole) - 2
