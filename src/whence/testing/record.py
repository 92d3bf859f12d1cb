"""Strategies for what is put on record: operations, their facts, and lines with places."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Operation = tuple[str, dict[str, Any]]

_NAMES = st.sampled_from(
    ["name", "status", "params", "created", "process", "folder_metadata", "x y", "ü"]
)
_WORDS = st.text(max_size=6)
_PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(
    allow_nan=False, allow_infinity=False
) | _WORDS  # fmt: skip
_ALERTS = st.dictionaries(_NAMES, _PLAIN) | st.just({"deleted": True})
_DEEP = st.recursive(
    _PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc.", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def operations(final: bool = False) -> st.SearchStrategy[Operation]:
    """An operation on a run with its facts; if `final`, a deletion that is final too."""
    tag = st.lists(st.sampled_from("abcd"), max_size=3)
    artifact = st.fixed_dictionaries(
        {
            "name": st.sampled_from(["a", "b"]),
            "category": st.sampled_from(["input", "output"]),
            "digest": st.sampled_from(["0" * 64, "1" * 64]),
        },
        optional={"path": _WORDS, "meta": st.dictionaries(_WORDS, _PLAIN, max_size=2)},
    )
    file = st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from(["0" * 64, "1" * 64, "no digest"]),
        st.integers(-1, 1 << 17),
        st.integers(-1, 2),
    )
    files = st.fixed_dictionaries(
        {
            "category": st.sampled_from(["input", "output"]),
            "lead": st.sampled_from(["", "c/x/v0/"]),
            "types": st.just(["text/csv", "text/plain"]),
            "files": st.lists(file.map(list), max_size=3),
        }
    )
    return st.one_of(
        st.tuples(
            st.just("set"), st.builds(_under("f"), st.dictionaries(_NAMES, _DEEP, max_size=3))
        ),
        st.tuples(
            st.just("meta"), st.builds(_under("m"), st.dictionaries(_WORDS, _DEEP, max_size=3))
        ),
        st.tuples(st.just("tags"), st.fixed_dictionaries({"add": tag, "remove": tag})),
        st.tuples(st.just("artifact"), artifact),
        st.tuples(st.just("artifacts"), files),
        st.tuples(st.just("event"), st.fixed_dictionaries({"level": _WORDS, "message": _WORDS})),
        st.tuples(
            st.just("alert"),
            st.fixed_dictionaries({"alert": st.sampled_from(["a", "b"]), "facts": _ALERTS}),
        ),
        st.tuples(
            st.just("out"), st.fixed_dictionaries({"stream": st.just("out"), "text": _WORDS})
        ),
        st.tuples(st.sampled_from(["delete", "undelete", "points", "unknown"]), st.just({})),
        *([st.tuples(st.just("tombstone"), st.just({}))] if final else []),
    )


def placed_lines(
    final: bool = False,
) -> st.SearchStrategy[list[tuple[tuple[int, str, int], dict[str, Any]]]]:
    """Lines of one run by several writers, each with a place of its own."""
    places = st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from("uvw"), st.integers(0, 50)),
        min_size=1,
        max_size=12,
        unique=True,
    )
    return places.flatmap(
        lambda keys: st.tuples(*(st.builds(_line, st.just(key), operations(final)) for key in keys))
    ).map(list)


def _line(
    key: tuple[int, str, int], operation: Operation
) -> tuple[tuple[int, str, int], dict[str, Any]]:
    op, facts = operation
    return key, {"n": key[2], "lc": key[0], "t": float(key[0]), "op": op, "of": "r", **facts}


def _under(name: str) -> Any:
    return lambda value: {name: value}
