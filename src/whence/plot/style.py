"""The look of figures: the default one, and what a plot's ``style`` changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from whence.base.problem import Problem, did_you_mean
from whence.plot.scope import Scope

LOOK: Mapping[str, Any] = {
    "figure.figsize": (6.4, 4.0),
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "font.size": 10.5,
    "axes.titlesize": 12,
    "axes.titlepad": 9,
    "axes.labelsize": 11,
    "axes.labelpad": 5,
    "axes.linewidth": 0.8,
    "axes.edgecolor": "#444444",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "axes.xmargin": 0.02,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.5,
    "lines.markersize": 5,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "legend.frameon": False,
    "legend.fontsize": 10,
    "legend.title_fontsize": 10.5,
    "image.cmap": "viridis",
    "svg.hashsalt": "whence",
}

# Blue, orange, green, red, purple, brown, pink, grey, olive, cyan: told apart in print as well.
COLORS = (
    "#2a6fbb", "#e07b24", "#2f9e5c", "#c8372f", "#7d5bb5",
    "#8a5a44", "#d563a8", "#6f6f6f", "#a8a020", "#23a9b8",
)  # fmt: skip

_OWN = ("base_style", "rc_file", "ignore_defaults")


def check(style: Any, scope: Scope) -> Iterator[Problem]:
    """What is wrong with a plot's ``style``."""
    import matplotlib as mpl
    import matplotlib.style as known_styles

    if not isinstance(style, Mapping):
        yield scope.problem("bad-value", "`style` must be a mapping of style settings")
        return
    for key in style:
        if key == "rc_file":
            yield scope.at(key).not_yet("the style key 'rc_file'", "Write its settings here.")
        elif key not in _OWN and key not in mpl.rcParams:
            near = did_you_mean(key, (*_OWN, *mpl.rcParams))
            yield scope.key(key).problem("unknown-key", f"unknown style setting {key!r}", near)
        elif key not in _OWN:
            try:
                mpl.rcParams.validate[key](style[key])
            except Exception as error:  # validators raise what they like
                yield scope.at(key).problem("bad-value", f"bad value for {key!r}: {error}")
    for name in _base_names(style):
        if name not in known_styles.available and name != "default":
            near = did_you_mean(str(name), known_styles.available)
            yield scope.at("base_style").problem("unknown-style", f"unknown style {name!r}", near)


def _base_names(style: Mapping[str, Any]) -> Sequence[Any]:
    names = style.get("base_style") or ()
    return names if isinstance(names, (list, tuple)) else [names]


def settings(style: Mapping[str, Any]) -> dict[str, Any]:
    """The matplotlib settings that a plot's ``style`` stands for, over the default look."""
    from cycler import cycler

    rc: dict[Any, Any] = {}
    if not style.get("ignore_defaults"):
        rc |= LOOK
        rc["axes.prop_cycle"] = cycler(color=COLORS)
    for name in _base_names(style):
        import matplotlib.style as known_styles

        library: Any = known_styles.library
        rc |= {} if name == "default" else library[name]
    rc |= {key: value for key, value in style.items() if key not in _OWN}
    rc["svg.hashsalt"] = "whence"
    return rc


@contextmanager
def applied(style: Mapping[str, Any]) -> Iterator[None]:
    """Draw in this look; matplotlib's own settings are as they were afterwards.

    The user's matplotlibrc plays no part, for it is not in the recipe.
    """
    import matplotlib as mpl

    current: Any = mpl.rcParams  # its stubs know literal keys only
    before = _without_backend(current)
    try:
        current.update(_without_backend(mpl.rcParamsDefault) | settings(style))
        yield
    finally:
        current.update(before)


def _without_backend(rc: Any) -> dict[str, Any]:
    return {key: rc[key] for key in rc if "backend" not in key}
