"""Plot helpers: what a plot's ``helpers`` section may ask for beside what the function draws."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError
from whence.base.problem import Problem
from whence.plot.scope import Scope

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_TEXT = ("size", "fontsize", "color", "weight", "fontweight", "style", "family", "rotation",
         "ha", "va", "horizontalalignment", "verticalalignment", "alpha")  # fmt: skip
_LATER = ("align_labels", "set_figlegend", "subplots_adjust", "figcall", "autofmt_xdate",
          "set_tick_locators", "set_tick_formatters", "call", "despine", "save_figure",
          "axis_specific", "track_handles_labels")  # fmt: skip
_OUTSIDE_COLUMN = 18


@dataclass(frozen=True, slots=True)
class Helper:
    """One helper.

    Attributes
    ----------
    apply : callable
        ``apply(axes, **settings)``, or ``apply(plot_helper, **settings)`` for a whole figure.
    passes : tuple of str
        The settings beyond the function's own that it passes on to matplotlib.
    whole : bool
        Whether it acts on the figure, not on each axes.
    """

    apply: Callable[..., None]
    passes: tuple[str, ...] = ()
    whole: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """All settings it takes."""
        own = list(inspect.signature(self.apply).parameters.values())[1:]
        return (*(p.name for p in own if p.kind is not p.VAR_KEYWORD), *self.passes, "enabled")


class PlotHelper:
    """A plot function's hand on its figure: axes to draw on, and the configured helpers.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The empty figure to draw on.
    configured : mapping
        The plot's ``helpers``: they win over what the plot function provides.
    caption : str
        What tells this figure from its siblings, as ``max_step_size = 0.1, seed = 3``.

    Attributes
    ----------
    fig : matplotlib.figure.Figure
        The figure.
    axes : numpy array (row, col) of matplotlib.axes.Axes
        All axes; one until `setup_figure` makes more.
    """

    def __init__(
        self, figure: Canvas, configured: Mapping[str, Any] | None = None, caption: str = ""
    ) -> None:
        self.fig = figure
        self.caption = caption
        self._configured = {name: _settings(value) for name, value in (configured or {}).items()}
        self._defaults: dict[str, dict[str, Any]] = {}
        self._switched: dict[str, bool] = {}
        self._invoked: set[str] = set()
        self.axes: Any = None

    @property
    def ax(self) -> Axes:
        """The first axes, made when asked for."""
        if self.axes is None:
            self.setup_figure()
        first: Axes = self.axes[0, 0]
        return first

    def setup_figure(
        self,
        *,
        nrows: int = 1,
        ncols: int = 1,
        figsize: Sequence[float] | None = None,
        sharex: bool = True,
        sharey: bool = True,
    ) -> None:
        """Lay out a fresh grid of axes; ``helpers.setup_figure.figsize`` wins over `figsize`."""
        size = self._configured.get("setup_figure", {}).get("figsize") or figsize
        if size:
            self.fig.set_size_inches(*size)
        self.fig.clear()
        self.axes = self.fig.subplots(nrows, ncols, squeeze=False, sharex=sharex, sharey=sharey)

    def provide_defaults(self, helper: str, **settings: Any) -> None:
        """Ask for a helper, with settings that the plot's configuration may override."""
        _find(helper)
        self._defaults.setdefault(helper, {}).update(settings)

    def mark_enabled(self, *helpers: str) -> None:
        """Have these helpers invoked."""
        self._switch(helpers, on=True)

    def mark_disabled(self, *helpers: str) -> None:
        """Have these helpers not invoked."""
        self._switch(helpers, on=False)

    def _switch(self, helpers: Sequence[str], *, on: bool) -> None:
        for name in helpers:
            _find(name)
            self._switched[name] = on

    def invoke_helper(self, helper: str, **settings: Any) -> None:
        """Invoke one helper now, with these settings over the configured ones."""
        known = _find(helper)
        self._invoked.add(helper)
        merged = self._defaults.get(helper, {}) | self._configured.get(helper, {}) | settings
        merged.pop("enabled", None)
        targets = [self] if known.whole else self._drawn()
        for target in targets:
            known.apply(target, **merged)

    def invoke_helpers(self, *helpers: str) -> None:
        """Invoke these helpers, or all that are enabled and were not invoked; figure-wide first."""
        names = helpers or tuple(name for name in HELPERS if self._enabled(name))
        problems: list[Problem] = []
        for name in sorted(names, key=lambda name: not _find(name).whole):
            try:
                self.invoke_helper(name)
            except Exception as error:  # settings that matplotlib refuses, in many ways
                text = f"the helper {name!r} failed: {type(error).__name__}: {error}"
                problems.append(Scope(path=("helpers", name)).problem("helper-failed", text))
        if problems:
            raise UserError(*problems)

    def _enabled(self, name: str) -> bool:
        if name in self._switched:
            return self._switched[name]
        asked = (name in self._configured or name in self._defaults) and name not in self._invoked
        return asked and bool(self._configured.get(name, {}).get("enabled", True))

    def _drawn(self) -> list[Any]:
        self.ax  # noqa: B018 - makes the axes if the plot function did not
        return [axes for axes in self.axes.flat if axes.get_visible()]


def _settings(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {"enabled": value is not False}


def _set_title(ax: Axes, *, title: str | None = None, loc: str = "center", **text: Any) -> None:
    ax.set_title("" if title is None else str(title), loc=loc, **text)  # type: ignore[arg-type]


def _set_suptitle(hlpr: PlotHelper, *, title: str | None = None, **text: Any) -> None:
    hlpr.fig.suptitle("" if title is None else str(title), **text)


def _set_labels(ax: Axes, *, x: Any = None, y: Any = None, only_label_outer: bool = True) -> None:
    for axis, given in (("x", x), ("y", y)):
        if given is not None:
            settings = dict(given) if isinstance(given, Mapping) else {"label": given}
            label = str(settings.pop("label", ""))
            getattr(ax, f"set_{axis}label")(label, **settings)
    if only_label_outer and ax.get_subplotspec() is not None:
        ax.label_outer()


def _set_limits(ax: Axes, *, x: Any = None, y: Any = None) -> None:
    for axis, given in (("x", x), ("y", y)):
        if given is None:
            continue
        if isinstance(given, Mapping):
            given = [given.get("lower"), given.get("upper")]
        reach = getattr(ax.dataLim, f"interval{axis}")
        lower, upper = (
            reach[0] if end == "min" else reach[1] if end == "max" else end for end in given
        )
        getattr(ax, f"set_{axis}lim")(lower, upper)


def _set_legend(
    hlpr: PlotHelper,
    *,
    use_legend: bool = True,
    loc: Any = None,
    title: str | None = None,
    ncols: int | None = None,
    custom_labels: Sequence[str] | None = None,
    **look: Any,
) -> None:
    if not use_legend:
        return
    entries: dict[str, Any] = {}
    for axes in hlpr._drawn():
        handles, labels = axes.get_legend_handles_labels()
        for handle, label in zip(handles, labels, strict=True):
            entries.setdefault(label, handle)
    if not entries:
        return
    look |= {"title": title, "ncols": ncols or -(-len(entries) // _OUTSIDE_COLUMN)}
    shown = {"handles": list(entries.values()), "labels": list(custom_labels or entries)}
    if loc is not None and hlpr.axes.size == 1:
        hlpr.ax.legend(loc=loc, **shown, **look)
    elif hlpr.axes.size == 1:  # beside the axes: never over the data, at no cost of a search
        corner: dict[str, Any] = {
            "loc": "upper left",
            "bbox_to_anchor": (1.01, 1.0),
            "borderaxespad": 0.0,
        }
        hlpr.ax.legend(**shown, **corner, **look)
    else:
        hlpr.fig.legend(loc=loc or "outside right upper", **shown, **look)


def _set_scales(ax: Axes, *, x: Any = None, y: Any = None) -> None:
    for axis, given in (("x", x), ("y", y)):
        if given is not None:
            settings = dict(given) if isinstance(given, Mapping) else {"scale": given}
            getattr(ax, f"set_{axis}scale")(settings.pop("scale"), **settings)


def _set_hv_lines(ax: Axes, *, hlines: Sequence[Any] = (), vlines: Sequence[Any] = ()) -> None:
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    for draw, lines in ((ax.axhline, hlines), (ax.axvline, vlines)):
        for line in lines:
            settings = dict(line) if isinstance(line, Mapping) else {"pos": line}
            position, (start, end) = settings.pop("pos"), settings.pop("limits", (0, 1))
            look = {"color": "#555555", "linewidth": 1.0, "linestyle": "--"}
            draw(float(position), start, end, **(look | normalize_kwargs(settings, Line2D)))


def _set_texts(ax: Axes, *, texts: Sequence[Any] = ()) -> None:
    for text in texts:
        if isinstance(text, Mapping):
            settings = dict(text)
            x, y, words = settings.pop("x"), settings.pop("y"), settings.pop("s")
        else:
            (x, y, words), settings = text, {}
        if settings.get("transform") in ("axes", "axis"):
            settings["transform"] = ax.transAxes
        ax.text(x, y, str(words), **settings)


def _annotate(ax: Axes, *, annotations: Sequence[Mapping[str, Any]] = ()) -> None:
    for annotation in annotations:
        settings = dict(annotation)
        ax.annotate(str(settings.pop("text", "")), **settings)


def _set_ticks(ax: Axes, *, x: Any = None, y: Any = None) -> None:
    for name, given in (("x", x), ("y", y)):
        if given is None:
            continue
        axis = getattr(ax, f"{name}axis")
        levels = given if isinstance(given, Mapping) else {"major": given}
        for level in ("major", "minor"):
            if (ticks := levels.get(level)) is not None:
                ticks = ticks if isinstance(ticks, Mapping) else {"locs": ticks}
                axis.set_ticks(ticks["locs"], ticks.get("labels"), minor=level == "minor")


def _set_margins(ax: Axes, *, x: float | None = None, y: float | None = None) -> None:
    ax.margins(x=x, y=y)


def _setup_figure(hlpr: PlotHelper, *, figsize: Sequence[float] | None = None) -> None:
    """Its settings were taken when the figure was laid out."""


HELPERS: Mapping[str, Helper] = {
    "setup_figure": Helper(_setup_figure, whole=True),
    "set_scales": Helper(_set_scales),
    "set_title": Helper(_set_title, (*_TEXT, "pad")),
    "set_suptitle": Helper(_set_suptitle, (*_TEXT, "x", "y"), whole=True),
    "set_labels": Helper(_set_labels),
    "set_margins": Helper(_set_margins),
    "set_limits": Helper(_set_limits),
    "set_ticks": Helper(_set_ticks),
    "set_hv_lines": Helper(_set_hv_lines),
    "set_texts": Helper(_set_texts),
    "annotate": Helper(_annotate),
    "set_legend": Helper(
        _set_legend,
        ("fontsize", "title_fontsize", "frameon", "framealpha", "bbox_to_anchor", "alignment",
         "markerscale", "handlelength", "labelspacing", "columnspacing", "borderaxespad",
         "reverse"),
        whole=True,
    ),
}  # fmt: skip


def _find(name: str) -> Helper:
    if name not in HELPERS:
        raise UserError(Scope().unknown("plot helper", name, HELPERS))
    return HELPERS[name]


def check(helpers: Any, scope: Scope) -> Iterator[Problem]:
    """What is wrong with a plot's ``helpers``."""
    if not isinstance(helpers, Mapping):
        yield scope.problem("bad-value", "`helpers` must be a mapping from helper to its settings")
        return
    for name, settings in helpers.items():
        if name in _LATER:
            yield scope.key(name).not_yet(f"the plot helper {name!r}")
        elif name not in HELPERS:
            yield scope.key(name).unknown("plot helper", str(name), HELPERS)
        elif isinstance(settings, Mapping):
            yield from _check_settings(name, settings, scope)
        elif settings is not None and not isinstance(settings, bool):
            message = f"the settings of {name!r} must be a mapping, not {settings!r}"
            yield scope.at(name).problem("bad-value", message)


def _check_settings(name: str, settings: Mapping[str, Any], scope: Scope) -> Iterator[Problem]:
    for key in settings:
        if key not in HELPERS[name].keys:
            yield scope.key(name, key).unknown(f"setting of {name}", str(key), HELPERS[name].keys)
    if name == "set_limits":
        for axis in ("x", "y"):
            limits = settings.get(axis)
            if limits is not None and not _are_limits(limits):
                yield scope.at(name, axis).problem(
                    "bad-value",
                    f"the limits of {axis} must be [lower, upper], each a number, min, max or "
                    f"null, not {limits!r}",
                )


def _are_limits(limits: Any) -> bool:
    if isinstance(limits, Mapping):
        limits = [limits.get("lower"), limits.get("upper")]
    return isinstance(limits, (list, tuple)) and [_is_limit(end) for end in limits] == [True, True]


def _is_limit(end: Any) -> bool:
    if isinstance(end, str):  # Matplotlib would take another word for a category
        return end in ("min", "max")
    return not isinstance(end, (bool, list, tuple, Mapping))
