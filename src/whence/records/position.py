"""Which records of a view are meant by a number or by a slice."""

from __future__ import annotations

import operator
from typing import Any

from whence.base.error import UserError


def place_of(key: Any) -> int:
    """The place that a number names.

    Raises
    ------
    UserError
        If it is no whole number.
    """
    try:
        return operator.index(key)
    except TypeError:
        raise UserError.of(
            "bad-index",
            f"a view has no record {key!r}: it is asked for a label, a place or a slice",
            mend='Write view["label"], view[0] or view[2:5].',
        ) from None


def part_of(key: slice) -> slice:
    """The slice, its ends as plain integers.

    Raises
    ------
    UserError
        If an end or the step is no whole number, or the step is 0.
    """
    start, stop, step = (
        None if one is None else place_of(one) for one in (key.start, key.stop, key.step)
    )
    if step == 0:
        raise UserError.of("bad-index", "the step of a slice of a view is not 0")
    return slice(start, stop, step)
