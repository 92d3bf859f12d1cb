"""Strategies for what a configuration file can say, and for parameter spaces."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from whence.params import CoupledParamDim, ParamDim, ParamSpace

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(
        ["yes", "0777", "1e-3", "12:30:00", "~", "<<", ".inf", "- a", "!x", "a: b", " "]
    )
)
"""Values without parts, with the texts that a careless writer would spoil."""

plain_values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=15,
)
"""What YAML and JSON can hold."""

_labels = st.integers(-5, 5) | st.sampled_from(["a", "b", "c", 0.5, 1.5])


@st.composite
def param_dims(draw: st.DrawFn) -> ParamDim:
    """Dimensions of one to four values, some of them masked."""
    values = draw(st.lists(_labels, min_size=1, max_size=4, unique=True))
    return ParamDim(
        default=draw(_labels),
        values=values,
        order=draw(st.sampled_from([0, 0, 1, -1, float("inf")])),
        mask=draw(
            st.booleans() | st.lists(st.booleans(), min_size=len(values), max_size=len(values))
        ),
    )


@st.composite
def param_spaces(draw: st.DrawFn) -> ParamSpace:
    """Spaces of up to three dimensions, nested in dicts and lists, some with a coupled one."""
    params: dict[str, Any] = {"fixed": draw(plain_values)}
    dims: list[ParamDim] = draw(st.lists(param_dims(), max_size=3))
    follows = draw(st.booleans())
    for i, dim in enumerate(dims):
        place = draw(st.sampled_from(["top", "dict", "list"]))
        if place == "top":
            params[f"dim{i}"] = dim
        elif place == "dict":
            params.setdefault("inner", {"kept": 1})[f"dim{i}"] = dim
        else:
            params.setdefault("listed", []).append({f"dim{i}": dim})
    if dims and follows:
        alone = dims[0] not in dims[1:]  # else which of the equal ones it follows is unclear
        params["follower"] = (
            CoupledParamDim(target_pdim=dims[0])
            if alone
            else CoupledParamDim(target_name="dim0", default="d")
        )
    return ParamSpace(params)
