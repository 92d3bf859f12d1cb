"""A thousand records compared: what one pass over their parameters must cost, and its growth."""

from collections.abc import Iterator
from typing import Any

from pair import Pair

from whence.records.comparison import ParameterComparison, dfdiff

PARAMETERS = 50


def parameters(records: int) -> list[dict[str, Any]]:
    """Parameter sets as people have them: nested, most of them constant, of several types."""
    return [
        {
            "seed": row,
            "solver": {"name": "melt", **{f"c{i}": 0.5 * i for i in range(18)}},
            "model": {f"p{i}": row % (i + 2) if i < 10 else i for i in range(25)},
            **{f"switch{i}": i % 2 == 0 for i in range(5)},
        }
        for row in range(records)
    ]


def by_hand(params: list[dict[str, Any]]) -> dict[tuple[str, ...], list[Any]]:
    """The least: a loop over plain dicts that knows how deep they are and that none is missing."""
    columns: dict[tuple[str, ...], list[Any]] = {}
    for one in params:
        for key, value in one.items():
            if type(value) is dict:
                for inner, leaf in value.items():
                    columns.setdefault((key, inner), []).append(leaf)
            else:
                columns.setdefault((key,), []).append(value)
    return {
        key: values
        for key, values in columns.items()
        if any(value != values[0] for value in values)
    }


def pairs() -> Iterator[Pair]:
    thousand, hundred = parameters(1000), parameters(100)
    shown = ParameterComparison(thousand).table(depth=2)[0]
    assert len(shown) == len(by_hand(thousand)) == 11

    def ours(params: list[dict[str, Any]]) -> object:
        return ParameterComparison(params).table(depth=2)

    what = f"ParameterComparison of 1000 records of {PARAMETERS} parameters"
    yield Pair(what, lambda: ours(thousand), lambda: by_hand(thousand), rounds=21)
    yield Pair(
        "the same, beside itself with 100 records",
        lambda: ours(thousand),
        lambda: ours(hundred),
        rounds=21,
        reach=12,
    )
    frames = ParameterComparison(thousand)
    yield Pair("its DataFrame", lambda: frames.dataframe(depth=2), lambda: frames.table(depth=2))
    yield Pair("dfdiff of 2 records", lambda: dfdiff(*hundred[:2]), lambda: by_hand(hundred[:2]))
