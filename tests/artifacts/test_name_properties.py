"""Whatever an artifact is called, its file stays inside the folder."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.artifacts.name import checked_name, parts_of
from whence.base.error import UserError
from whence.base.problem import Problem

NAMES = st.text() | st.lists(
    st.sampled_from(["..", ".", "", "a", "\0", "CON", "é", "x" * 256, "/"]), max_size=6
).map("/".join)


@given(NAMES)
def test_parts_stay_below(name: str) -> None:
    parts = parts_of(name)
    if isinstance(parts, Problem):
        assert parts.mend
        return
    joined = os.path.normpath(os.path.join("/base", *parts))
    assert joined == f"/base/{name}"
    assert joined.startswith("/base/")
    assert "\0" not in joined


@given(NAMES)
def test_what_may_be_saved_can_be_got_as_a_file(name: str) -> None:
    if isinstance(parts_of(name), Problem):
        with pytest.raises(UserError, match="cannot be called"):
            checked_name(name)
    else:
        assert checked_name(name) == name
