"""Figures of Plotly, and of matplotlib as a picture and through Plotly's converter."""

from __future__ import annotations

import io
import sys
import warnings
from typing import Any

from whence.base.error import MissingExtraError


def dump_plotly(figure: Any) -> bytes:
    """A Plotly figure as JSON."""
    text: str = figure.to_json()
    return text.encode()


def load_plotly(data: bytes) -> Any:
    """A figure from Plotly's JSON."""
    try:
        import plotly.io
    except ImportError as error:
        raise MissingExtraError.needed("plotly", "plotly", "reading a Plotly figure") from error
    return plotly.io.from_json(data.decode())


def is_matplotlib(obj: Any) -> bool:
    """Whether it is a figure of matplotlib, or ``matplotlib.pyplot``, which has a current one."""
    if obj is sys.modules.get("matplotlib.pyplot", ...):
        return True
    figure = sys.modules.get("matplotlib.figure")
    return figure is not None and isinstance(obj, figure.Figure)


def picture(figure: Any) -> bytes:
    """A matplotlib figure as PNG; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    _figure(figure).savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    return buffer.getvalue()


def converted(figure: Any) -> Any | None:
    """What Plotly's converter makes of a matplotlib figure; None if it cannot, or loses parts."""
    try:
        from plotly.matplotlylib import Exporter, PlotlyRenderer
    except ImportError:
        return None
    figure = _figure(figure)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            renderer = PlotlyRenderer()
            Exporter(renderer, close_mpl=False).run(figure)  # as mpl_to_plotly, which closes it
            found = renderer.plotly_fig
    except Exception:  # it knows few kinds of plots, and fails at others in any way
        return None
    drawn = any(axes.has_data() for axes in figure.axes)
    return found if found.data or not drawn else None


def _figure(obj: Any) -> Any:
    return obj.gcf() if hasattr(obj, "gcf") else obj
