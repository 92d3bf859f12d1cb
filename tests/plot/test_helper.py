"""Plot helpers."""

import pytest
from matplotlib.figure import Figure

from whence.base.error import UserError
from whence.plot.helper import HELPERS, PlotHelper, check
from whence.plot.scope import Scope


def helped(helpers):
    hlpr = PlotHelper(Figure(), helpers)
    hlpr.ax.plot([0, 1, 2], [1, 5, 3], label="a")
    hlpr.invoke_helpers()
    return hlpr.ax


def test_titles_labels_scales_and_texts():
    ax = helped({
        "set_title": {"title": "T", "size": 20},
        "set_suptitle": {"title": "S"},
        "set_labels": {"x": "time", "y": {"label": "E", "color": "red"}},
        "set_scales": {"y": "log", "x": {"scale": "symlog", "linthresh": 2}},
        "set_texts": {"texts": [[1, 2, "here"],
                                {"x": 0, "y": 1, "s": "there", "transform": "axes"}]},
        "annotate": {"annotations": [{"text": "top", "xy": [1, 5]}]},
    })  # fmt: skip
    assert (ax.get_title(), ax.title.get_size(), ax.figure.get_suptitle()) == ("T", 20, "S")
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.yaxis.label.get_color()) == ("time", "E", "red")
    assert (ax.get_xscale(), ax.get_yscale()) == ("symlog", "log")
    assert [text.get_text() for text in ax.texts] == ["here", "there", "top"]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"x": [0, None], "y": [0, None]}, ((0, 2.1), (0, 5.2))),
        ({"x": ["min", "max"]}, ((0, 2), (0.8, 5.2))),
        ({"y": {"lower": -1, "upper": 9}}, ((-0.1, 2.1), (-1, 9))),
        ({"x": [None, 3]}, ((-0.1, 3), (0.8, 5.2))),
    ],
)
def test_limits(limits, expected):
    ax = helped({"set_limits": limits})
    assert ax.get_xlim() == pytest.approx(expected[0])
    assert ax.get_ylim() == pytest.approx(expected[1])


def test_lines_across():
    ax = helped({"set_hv_lines": {"hlines": [2, {"pos": 3, "lw": 4, "ls": ":"}], "vlines": [1]}})
    across, own, upright = ax.get_lines()[1:]
    assert list(across.get_ydata()) == [2, 2]
    assert (own.get_linewidth(), own.get_linestyle()) == (4, ":")
    assert list(upright.get_xdata()) == [1, 1]


def test_ticks():
    ax = helped({"set_ticks": {"x": {"major": {"locs": [0, 2], "labels": ["start", "end"]}},
                               "y": [1, 3]}})  # fmt: skip
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["start", "end"]
    assert list(ax.get_yticks()) == [1, 3]


def test_the_legend_and_its_absence():
    ax = helped({"set_legend": {"title": "L", "loc": "upper left", "custom_labels": ["A"]}})
    assert ax.get_legend().get_texts()[0].get_text() == "A"
    assert helped({"set_legend": {"use_legend": False}}).get_legend() is None
    assert helped({"set_legend": {"enabled": False}}).get_legend() is None


def test_configured_settings_win_over_what_the_plot_function_provides():
    hlpr = PlotHelper(Figure(), {"set_title": {"title": "mine"}})
    hlpr.provide_defaults("set_title", title="theirs", loc="left")
    hlpr.invoke_helpers()
    assert hlpr.ax.get_title("left") == "mine"


def test_helpers_can_be_switched_and_invoked_once():
    hlpr = PlotHelper(Figure(), {"set_title": {"title": "x"}})
    hlpr.mark_disabled("set_title")
    hlpr.invoke_helpers()
    assert hlpr.ax.get_title() == ""
    hlpr.invoke_helper("set_title", title="y")
    assert hlpr.ax.get_title() == "y"
    with pytest.raises(UserError, match="Did you mean 'set_title'"):
        hlpr.mark_enabled("set_titel")


def test_failing_helpers_are_all_named():
    with pytest.raises(UserError) as caught:
        helped({"set_scales": {"x": "loog"}, "set_texts": {"texts": [[1]]}})
    assert {p.where.path[1] for p in caught.value.problems} == {"set_scales", "set_texts"}


def test_checking_finds_every_problem():
    helpers = {
        "set_titel": {},
        "set_labels": {"z": 1},
        "set_limits": {"x": 3, "y": [0, None]},
        "axis_specific": {},
        "set_title": "text",
    }
    messages = [str(p) for p in check(helpers, Scope(path=("plot", "helpers")))]
    assert len(messages) == 5
    assert "Did you mean 'set_title'" in messages[0]
    assert "not accepted yet" in messages[3]
    assert list(check({name: {"enabled": True} for name in HELPERS}, Scope())) == []


@pytest.mark.parametrize("limits", [["a", "b"], [0], [0, True], {"lower": "low"}, "min"])
def test_limits_are_numbers(limits):
    (problem,) = check({"set_limits": {"y": limits}}, Scope(path=("plot", "helpers")))
    assert "the limits of y must be" in str(problem)
