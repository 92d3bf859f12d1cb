"""The facet grid: what goes where, and what is on the figure."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from whence.base.error import UserError
from whence.plot import facet
from whence.plot.helper import PlotHelper

RNG = np.random.default_rng(0)
WALKS = xr.DataArray(
    RNG.normal(size=(3, 4, 50)).cumsum(-1),
    dims=("size", "seed", "time"),
    coords={"size": [0.1, 0.3, 1.0], "seed": range(4)},
    name="walk",
    attrs={"units": "m"},
)
STATES = xr.Dataset(
    {
        "pressure": (("rho", "T"), RNG.normal(size=(5, 3)), {"long_name": "pressure"}),
        "error": (("rho", "T"), np.full((5, 3), 0.1)),
    },
    coords={"rho": np.linspace(0, 1, 5), "T": [1.0, 1.5, 2.0]},
)


def draw(data, helpers=None, caption="", **options):
    hlpr = PlotHelper(Figure(layout="constrained"), helpers, caption)
    facet.facet_grid(data={"data": data}, hlpr=hlpr, **options)
    hlpr.invoke_helpers()
    return hlpr


@pytest.mark.parametrize(
    ("data", "options", "expected"),
    [
        (WALKS[0, 0], {}, ("line", {"x": "time"})),
        (WALKS[0], {}, ("pcolormesh", {"x": "time", "y": "seed"})),
        (WALKS[0], {"hue": "seed"}, ("line", {"x": "time", "hue": "seed"})),
        (WALKS[0], {"kind": "line", "x": "seed"}, ("line", {"x": "seed", "hue": "time"})),
        (WALKS, {}, ("hist", {})),
        (WALKS, {"col": "size"}, ("pcolormesh", {"x": "time", "y": "seed", "col": "size"})),
        (WALKS, {"kind": "auto"}, ("line", {"x": "time", "hue": "seed", "col": "size"})),
        (WALKS, {"kind": "auto", "hue": "size"},
         ("line", {"hue": "size", "x": "time", "col": "seed"})),
        (WALKS[0], {"kind": "auto", "x": "seed", "y": "time"},
         ("pcolormesh", {"x": "seed", "y": "time"})),
        (STATES, {"kind": "auto"}, ("scatter", {"x": "pressure", "y": "error"})),
        (STATES, {"kind": "errorbars", "y": "pressure", "x": "rho"},
         ("errorbars", {"x": "rho", "y": "pressure", "hue": "T"})),
    ],
)  # fmt: skip
def test_dimensions_find_their_places(data, options, expected):
    facets = facet.encode(data, options)
    slots = {n: getattr(facets, n) for n in ("x", "y", "hue", "col", "row")}
    assert (facets.kind, {n: v for n, v in slots.items() if v}) == expected


def test_lines_show_the_data_with_labels_units_and_a_legend():
    hlpr = draw(WALKS.mean("seed"), kind="line", x="time", hue="size")
    lines = hlpr.ax.get_lines()
    assert [line.get_label() for line in lines] == ["0.1", "0.3", "1"]
    np.testing.assert_array_equal(lines[2].get_ydata(), WALKS.mean("seed")[2])
    assert hlpr.ax.get_xlabel() == "time"
    assert draw(WALKS, hue="size", col="seed").axes[0, 0].get_ylabel() == "walk [m]"
    assert hlpr.ax.get_legend().get_title().get_text() == "size"


def test_the_legend_stands_beside_the_data_not_over_it():
    hlpr = draw(WALKS[0], hue="seed")
    figure = hlpr.fig
    figure.draw_without_rendering()
    legend = hlpr.ax.get_legend().get_window_extent()
    assert legend.x0 >= hlpr.ax.bbox.x1
    assert legend.x1 <= figure.bbox.x1


def test_ragged_series_end_where_their_data_ends():
    ragged = WALKS[0].copy()
    ragged[1, 20:] = np.nan
    line = draw(ragged, kind="line", hue="seed").ax.get_lines()[1]
    assert np.isnan(line.get_ydata()[20:]).all()


def test_many_numeric_hues_are_a_colour_scale():
    many = xr.DataArray(RNG.normal(size=(25, 9)), dims=("seed", "t"), coords={"seed": range(25)})
    hlpr = draw(many, hue="seed")
    assert hlpr.ax.get_legend() is None
    assert hlpr.fig.axes[-1].get_ylabel() == "seed"
    assert len({line.get_color() for line in hlpr.ax.get_lines()}) == 25


def test_columns_and_rows_are_titled():
    hlpr = draw(WALKS, kind="line", col="size", row="seed")
    assert hlpr.axes.shape == (4, 3)
    assert hlpr.axes[0, 1].get_title() == "size = 0.3"
    assert hlpr.axes[1, 2].texts[0].get_text() == "seed = 1"
    np.testing.assert_array_equal(hlpr.axes[2, 1].get_lines()[0].get_ydata(), WALKS[1, 2])


def test_columns_wrap():
    hlpr = draw(WALKS, hue="size", col="seed", col_wrap=3)
    assert hlpr.axes.shape == (2, 3)
    assert [axes.get_visible() for axes in hlpr.axes.flat] == [True] * 4 + [False] * 2
    assert draw(WALKS, hue="size", col="seed", col_wrap="square").axes.shape == (2, 2)


@pytest.mark.parametrize("kind", facet.IMAGES)
def test_images_have_a_colour_bar_with_the_name_of_the_data(kind):
    hlpr = draw(WALKS, kind=kind, x="time", y="seed", col="size")
    assert hlpr.axes.shape == (1, 3)
    assert hlpr.fig.axes[-1].get_ylabel() == "walk [m]"


def test_images_of_a_grid_share_their_colours():
    hlpr = draw(WALKS, kind="pcolormesh", x="time", y="seed", col="size")
    limits = {axes.collections[0].get_clim() for axes in hlpr.axes.flat}
    assert limits == {(float(WALKS.min()), float(WALKS.max()))}


def test_error_bars_show_the_errors():
    hlpr = draw(STATES, kind="errorbars", x="rho", y="pressure", yerr="error", hue="T")
    bars = hlpr.ax.containers[1]
    assert bars.get_label() == "1.5"
    segment = bars[2][0].get_segments()[3]
    assert np.diff(segment[:, 1]) == pytest.approx(0.2)
    bands = draw(STATES, kind="errorbars", x="rho", y="pressure", yerr="error", use_bands=True)
    assert len(bands.ax.collections) == 3


@pytest.mark.parametrize("kind", ["scatter", "step", "hist"])
def test_other_kinds_draw_one_series_per_hue(kind):
    hlpr = draw(WALKS[0], kind=kind, hue="seed")
    labels = [text.get_text() for text in hlpr.ax.get_legend().get_texts()]
    assert labels == ["0", "1", "2", "3"]


def test_scatter_takes_colours_from_a_variable():
    hlpr = draw(STATES, kind="scatter", x="rho", y="pressure", hue="error")
    assert hlpr.fig.axes[-1].get_ylabel() == "error"


def test_a_coordinate_that_is_no_dimension_can_be_x():
    data = WALKS[0].assign_coords(hours=("time", np.arange(50) / 60))
    hlpr = draw(data, kind="line", x="hours", hue="seed")
    assert hlpr.ax.get_lines()[0].get_xdata()[-1] == pytest.approx(49 / 60)
    assert hlpr.ax.get_xlabel() == "hours"


@pytest.mark.parametrize(
    "data",
    [[1, 2, 3], np.arange(4.0), WALKS[0, 0, 0], xr.DataArray([]), xr.DataArray(["a", "b"]),
     xr.DataArray(np.array(["2026-01-01", "2026-01-02"], "datetime64[ns]")),
     xr.DataArray([1.0], dims="t"), xr.DataArray([np.nan, np.nan])],
)  # fmt: skip
def test_odd_data_is_drawn(data):
    draw(data).fig.draw_without_rendering()


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (WALKS, {"hue": "sede"}, "Did you mean 'seed'"),
        (WALKS.expand_dims(a=2, b=2), {"kind": "line"}, "find no place"),
        (WALKS[0, 0], {"kind": "pcolormesh"}, "needs two dimensions"),
        (STATES, {"kind": "imshow"}, "cannot draw a Dataset"),
        ({"a": object()}, {}, "cannot draw 'dict'"),
    ],
)
def test_what_cannot_be_drawn_is_said(data, options, message):
    with pytest.raises(UserError, match=message):
        draw(data, **options)
