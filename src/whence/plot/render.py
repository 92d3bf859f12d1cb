"""From a drawn figure to the bytes of its files."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from whence.plot import style as look
from whence.plot.recipe import Recipe, metadata

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


@contextmanager
def sheet(style: Mapping[str, Any]) -> Iterator[Canvas]:
    """An empty figure to draw on in that style; nothing of it outlives the block.

    It is no figure of `matplotlib.pyplot`, so none is left open. The look is set through
    matplotlib's settings, which a process has once: do not draw from several threads.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    with look.applied(style):
        figure = Canvas(layout="constrained")
        FigureCanvasAgg(figure)
        yield figure


def settle(figure: Canvas) -> None:
    """Lay the figure out once, so that every format has the same layout and none pays again."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)  # not "none", which saving would draw once more for


def render(figure: Canvas, format_: str, recipe: Recipe) -> bytes:
    """The bytes of the figure in a format, with its recipe in the metadata."""
    stream = io.BytesIO()
    figure.savefig(stream, format=format_, metadata=metadata(recipe, format_))
    return stream.getvalue()


def libraries() -> dict[str, str]:
    """Names and versions of the libraries whose code decides what a figure looks like."""
    import matplotlib

    import whence

    return {"matplotlib": matplotlib.__version__, "whence": whence.__version__}
