"""Plot specs: checked whole, with places, before anything runs."""

import pytest

from whence.base import yaml
from whence.base.error import UserError
from whence.params import yaml_tags as params_tags
from whence.plot import PlotManager
from whence.plot.spec import EXAMPLE, check_specs, load
from whence.transform import yaml_tags as graph_tags

SETTINGS = {
    "creator_init_kwargs": {
        "external": {"default_ext": "pdf"},
        "universe": {"default_ext": "png", "psgrp_path": "simulations"},
    }
}


def checked(text, only=None, pools=(), **settings):
    document = yaml.parse(text, file="plots.yml", tags={**params_tags(), **graph_tags()})
    manager = PlotManager(**(SETTINGS | settings))
    return check_specs(document, manager._defaults, only=only, pools=pools)


def specs(text, **options):
    found, problems = checked(text, **options)
    assert problems == []
    return found


def problems(text, **options):
    return [(str(p.where), p.code, p.mend or "") for p in checked(text, **options)[1]]


FACET = "module: .generic, plot_func: facet_grid"


def test_every_problem_of_a_file_is_told_at_once_with_its_place():
    found = problems("""\
first:
  creator: univers
  module: .generic
  plot_func: facet_gird
second:
  module: .generic
  plot_func: facet_grid
  hues: seed
  kind: lines
  file_ext: [pdf, pgn]
  helpers:
    set_titel: {title: x}
    set_labels: {xx: 1}
  style:
    lines.linewdith: 3
    axes.titlesize: [3]
    base_style: ggplo
third:
  plot_func: facet_grid
fourth: 3
fifth: {}
""")
    assert [(where, code) for where, code, _ in found] == [
        ("plots.yml:2:12", "unknown-plot-creator"),
        ("plots.yml:4:14", "unknown-plot-function"),
        ("plots.yml:10:19", "unknown-figure-format"),
        ("plots.yml:12:5", "unknown-plot-helper"),
        ("plots.yml:13:18", "unknown-setting-of-set_labels"),
        ("plots.yml:15:5", "unknown-key"),
        ("plots.yml:16:21", "bad-value"),
        ("plots.yml:17:17", "unknown-style"),
        ("plots.yml:8:3", "unknown-key"),
        ("plots.yml:9:9", "unknown-kind"),
        ("plots.yml:19:14", "missing-key"),
        ("plots.yml:20:9", "bad-value"),
        ("plots.yml:21:8", "missing-key"),
    ]
    mends = " ".join(mend for _, _, mend in found)
    for near in ("universe", "facet_grid", "png", "set_title", "lines.linewidth", "hue", "line",
                 "ggplot"):  # fmt: skip
        assert f"'{near}'" in mends


def test_what_is_not_accepted_yet_is_said_so_rather_than_called_unknown():
    found = problems(f"""\
a: {{{FACET}, animation: {{enabled: true}}}}
b: {{{FACET}, frames: time}}
c: {{{FACET}, kind: scatter3d}}
d: {{{FACET}, helpers: {{axis_specific: {{}}}}}}
e: {{module: .multiplot, plot_func: multiplot}}
f: {{{FACET}, based_on: .plot.facet_grid.line}}
g: {{{FACET}, dag_options: {{meta_operations: {{}}}}}}
h: {{{FACET}, style: {{rc_file: x}}}}
""")
    assert {code for _, code, _ in found} == {"not-accepted-yet"}
    assert [where.split(":")[1] for where, _, _ in found] == list("12345678")


@pytest.mark.parametrize(
    ("keys", "column", "mend"),
    [
        ("module: .generic, plotfunc: facet_grid", "23", "Did you mean 'plot_func'?"),
        ("module: .generic, plot_fun: facet_grid", "23", "Did you mean 'plot_func'?"),
        ("modul: .generic, plot_func: facet_grid", "5", "Did you mean 'module'?"),
        ("module: .generic, func: facet_grid", "23", "Did you mean 'plot_func'?"),
        ("module: .generic, kind: line", "4", "Add `module: .generic` and `plot_func"),
        ("plot_func: facet_grid, kind: line", "16", "Add `module: .generic`"),
    ],
)
def test_a_mistyped_key_is_told_where_it_stands_not_as_one_that_is_missing(keys, column, mend):
    ((where, _, told),) = problems(f"a: {{{keys}}}\n")
    assert where == f"plots.yml:1:{column}"
    assert told.startswith(mend)


@pytest.mark.parametrize("text", ["", "# later", "[]", "plot"])
def test_a_file_without_plots_says_what_one_looks_like(text, tmp_path):
    (tmp_path / "plots.yml").write_text(text)
    with pytest.raises(UserError) as caught:
        load(tmp_path / "plots.yml")
    (problem,) = caught.value.problems
    assert problem.where.file == str(tmp_path / "plots.yml")
    assert "NoneType" not in problem.message
    assert "plot_func: facet_grid" in problem.mend


def test_the_example_in_messages_is_right():
    (spec,) = specs(EXAMPLE.partition("\n\n")[0])
    assert (spec.name, spec.creator) == ("energy", "universe")


def test_the_creator_is_detected_from_the_keys():
    text = f"""\
plain: {{{FACET}}}
uni: {{{FACET}, universes: all}}
multi: {{{FACET}, select_and_combine: {{fields: {{a: b}}}}}}
alias: {{{FACET}, creator: external}}
"""
    assert {spec.name: spec.creator for spec in specs(text)} == {
        "plain": "pyplot", "uni": "universe", "multi": "multiverse", "alias": "pyplot",
    }  # fmt: skip
    assert {spec.name: spec.formats for spec in specs(text)}["uni"] == ("png",)
    found = problems(text, auto_detect_creator=False, default_creator="external")
    assert [code for _, code, _ in found] == ["misplaced-key", "misplaced-key"]


def test_a_plot_is_based_on_others():
    base, derived = specs(f"""\
.base: {{{FACET}, kind: line, helpers: {{set_title: {{title: a, size: 3}}}}}}
.more: {{hue: seed, kind: step}}
one: {{based_on: .base}}
two:
  based_on: [.base, .more]
  helpers: {{set_title: {{title: b}}}}
""")
    assert base.options == {"kind": "line"}
    assert derived.options == {"kind": "step", "hue": "seed"}
    assert derived.configuration["helpers"] == {"set_title": {"title": "b", "size": 3}}
    assert "based_on" not in derived.configuration


def test_bases_in_pools_may_extend_one_another():
    pools = [
        ("low", {"x": {"module": ".generic", "plot_func": "facet_grid", "kind": "line"}}),
        ("high", {"x": {"based_on": "x", "hue": "seed"}}),
    ]
    one, two = specs("x: inherit\ny: {based_on: x, kind: step}", pools=pools)
    assert one.options == {"kind": "line", "hue": "seed"}
    assert two.options == {"kind": "step", "hue": "seed"}


def test_bases_that_are_missing_or_go_round_are_reported():
    found = problems("a: {based_on: b}\nb: {based_on: a}\nc: {based_on: aa}\nd: {based_on: d}\n")
    assert [code for _, code, _ in found] == [
        "circular-base", "circular-base", "unknown-base", "circular-base",
    ]  # fmt: skip
    assert "'a'" in found[2][2]


def test_hidden_and_disabled_plots_are_not_drawn_unless_asked_for():
    text = f"""\
.hidden: {{{FACET}}}
_too: {{{FACET}}}
on: {{{FACET}}}
off: {{{FACET}, enabled: false}}
"""
    assert [spec.name for spec in specs(text)] == ["on"]
    assert [spec.name for spec in specs(text, only=["off"])] == ["off"]
    assert [spec.name for spec in specs(text, only=["o*"])] == ["on", "off"]
    assert problems(text, only=["onn"])[0][1:] == ("unknown-plot", "Did you mean 'on'?")


@pytest.mark.parametrize("name", ["a*b", "a:b", "x.y", "a//b", "/a", "a/../b", "a b\\c", "a/"])
def test_names_that_would_leave_the_folder_are_refused(name):
    with pytest.raises(UserError, match="cannot name a plot"):
        PlotManager().plot(name, module=".generic", plot_func="facet_grid")


def test_own_plot_functions_are_found_by_file_module_and_value(tmp_path):
    (tmp_path / "own.py").write_text(
        "from whence.plot import is_plot_func\n"
        "@is_plot_func(creator='universe', use_dag=True, required_dag_tags=('a',))\n"
        "def draw(*, data, hlpr, color='k'): pass\n"
        "class Space:\n    @staticmethod\n    def loose(*, data, hlpr, **kw): pass\n"
    )
    (tmp_path / "plots.yml").write_text(
        "a: {module_file: own.py, plot_func: draw, color: r, universes: all}\n"
        "b: {module: own, plot_func: Space.loose, anything: 1}\n"
    )
    defaults = PlotManager()._defaults
    (one, two), _ = check_specs(load(tmp_path / "plots.yml"), defaults)
    assert (one.creator, one.options, one.use_dag) == ("universe", {"color": "r"}, True)
    assert two.options == {"anything": 1}
    assert one.function.digest != two.function.digest


def test_a_file_of_plot_functions_may_hold_dataclasses(tmp_path):
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "from pathlib import Path\n"
        "@dataclass\nclass Look:\n    color: str = 'k'\n"
        "def draw(*, data, hlpr, color=Look().color): return Path(__file__).parent.name\n"
    )
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own.py").write_text(text)
        (tmp_path / folder / "plots.yml").write_text("a: {module_file: own.py, plot_func: draw}\n")
        (spec,), problems = check_specs(
            load(tmp_path / folder / "plots.yml"), PlotManager()._defaults
        )
        assert problems == []
        assert spec.function.call(data=None, hlpr=None) == folder


def test_wrong_keys_of_own_plot_functions_are_told():
    def inline(dm, *, hlpr, width=1):
        pass

    with pytest.raises(UserError, match="Did you mean 'width'"):
        PlotManager().plot("p", plot_func=inline, widht=2)


def test_modules_and_files_that_are_not_there_or_break(tmp_path):
    (tmp_path / "broken.py").write_text("raise ValueError('oh')\n")
    (tmp_path / "plots.yml").write_text(
        "a: {module: no.such.module, plot_func: f}\n"
        "b: {module_file: missing.py, plot_func: f}\n"
        "c: {module_file: broken.py, plot_func: f}\n"
        "d: {module: whence.plot.facet, plot_func: facet_gird}\n"
        "e: {module: .generics, plot_func: facet_grid}\n"
    )
    _, problems = check_specs(load(tmp_path / "plots.yml"), PlotManager()._defaults)
    codes = [problem.code for problem in problems]
    assert codes == ["unknown-module", "missing-file", "import-failed", "unknown-plot-function",
                     "unknown-module"]  # fmt: skip
    assert [problem.where.line for problem in problems] == [1, 2, 3, 4, 5]


def test_settings_of_the_manager_are_checked():
    with pytest.raises(UserError) as caught:
        PlotManager(raise_exec=True, out_fstrs={}, cfg_exists_action="append")
    assert len(caught.value.problems) == 3
    assert "Did you mean 'raise_exc'" in str(caught.value)
    with pytest.raises(UserError) as caught:
        PlotManager(default_creator="externl",
                    creator_init_kwargs={"univers": {}, "universe": {"psgrp": 1}})  # fmt: skip
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("value", [None, 3, [], "a: b: c"])
def test_a_configuration_that_is_no_mapping(value, tmp_path):
    if isinstance(value, str):
        (tmp_path / "plots.yml").write_text(value)
        value = tmp_path / "plots.yml"
    with pytest.raises(UserError):
        PlotManager().plot_from_cfg(value)
