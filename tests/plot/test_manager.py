"""The plot manager on a real data tree: what is drawn, where, and what is not drawn again."""

import logging
import shutil
from decimal import Decimal
from typing import ClassVar

import h5py
import pytest

from whence.base.digest import digest_file
from whence.base.error import UserError
from whence.base.yaml import parse
from whence.plot import PlotManager, read_recipe
from whence.transform import DiskCache, yaml_tags

WALKS = """\
random_walk:
  creator: universe
  universes: all
  module: .generic
  plot_func: facet_grid
  select:
    data:
      path: data/random_walk
      transform:
        - xr.DataArray: !dag_prev
          kwargs:
            dims: [iteration]
"""
MEAN = """\
mean_random_walk:
  creator: multiverse
  module: .generic
  plot_func: facet_grid
  select_and_combine:
    fields:
      random_walk: data/random_walk
  transform:
    - .mean: [!dag_tag random_walk, seed]
    - .rename: !dag_prev
      kwargs:
        dim_0: iterations
      tag: data
  kind: line
  x: iterations
  hue: max_step_size
  file_ext: [pdf, png]
  helpers:
    set_title:
      title: Averaged Random Walk Trajectories
"""
SETTINGS = {
    "default_creator": "external",
    "auto_detect_creator": True,
    "raise_exc": True,
    "out_dir": "",
    "creator_init_kwargs": {
        "external": {"default_ext": "pdf"},
        "universe": {"default_ext": "pdf", "psgrp_path": "simulations"},
        "multiverse": {"default_ext": "pdf", "psgrp_path": "simulations"},
    },
}


class Heard:
    def __init__(self):
        self.files_read, self.files_written = {}, {}

    def read(self, path, digest):
        self.files_read[path] = digest

    def wrote(self, path, digest):
        self.files_written[path] = digest


@pytest.fixture
def draw(dm, tmp_path):
    def run(text, tree=dm, only=None, folder="out", **settings):
        cfg = tmp_path / "plots.yml"
        cfg.write_text(text)
        manager = PlotManager(dm=tree, **(SETTINGS | settings))
        return manager.plot_from_cfg(cfg, out_dir=tmp_path / folder, plot_only=only)

    return run


def test_a_universe_plot_is_a_file_per_point_named_by_its_state(draw, tmp_path):
    figures = draw(WALKS)
    names = sorted(path.name for path in (tmp_path / "out/random_walk").iterdir())
    assert len(figures) == 12
    assert names[0] == "06__max_step_size_0.1__seed_0.pdf"
    assert names[-2:] == ["19__max_step_size_1.0__seed_3.pdf", "sweep_cfg.yml"]
    assert {figure.status for figure in figures} == {"drawn"}
    assert all(figure.recipe.inputs.count == 1 for figure in figures)
    assert figures[0].path.read_bytes().startswith(b"%PDF")


def test_a_combined_plot_knows_all_files_it_was_made_from(draw, sweep, tmp_path):
    heard = Heard()
    pdf, png = draw(MEAN, recorder=heard)
    data = {path: digest_file(path) for path in sweep.glob("sim_*/data.h5")}
    assert data.items() <= heard.files_read.items()
    assert data.items() <= dict(pdf.files).items()
    assert heard.files_written == {f.path: digest_file(f.path) for f in (pdf, png)}
    assert pdf.digest == digest_file(pdf.path)
    recipe = read_recipe(png.path)
    assert recipe == read_recipe(pdf.path) == pdf.recipe
    assert set(data.values()) <= set(recipe.inputs.digests)
    assert recipe.configuration["transform"][0] == {".mean": [{"!dag_tag": "random_walk"}, "seed"]}
    assert (tmp_path / "out/mean_random_walk_cfg.yml").is_file()


def test_saved_configurations_draw_the_same_bytes_again(draw, dm, tmp_path):
    first = draw(WALKS + MEAN)
    for saved in ("random_walk/sweep_cfg.yml", "mean_random_walk_cfg.yml"):
        manager = PlotManager(dm=dm)
        again = manager.plot_from_cfg(tmp_path / "out" / saved, out_dir=tmp_path / "again")
        assert again
        for figure in again:
            original = tmp_path / "out" / figure.path.relative_to(tmp_path / "again")
            assert figure.path.read_bytes() == original.read_bytes()
    assert len(list((tmp_path / "again").rglob("*.p*"))) == len(first)


def test_nothing_is_drawn_again_unless_something_changed(draw, sweep, load_tree, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(sweep, copy)
    cache = DiskCache(tmp_path / "cache")
    text = WALKS + MEAN
    assert {f.status for f in draw(text, load_tree(copy), cache=cache)} == {"drawn"}
    before = {f.path.name: f.path.read_bytes() for f in draw(text, load_tree(copy), cache=cache)}
    heard = Heard()
    figures = draw(text, load_tree(copy), cache=cache, recorder=heard, folder="other")
    assert {f.status for f in figures} == {"cached"}
    assert {f.path.name: f.path.read_bytes() for f in figures} == before
    assert len(heard.files_read) >= 12
    again = draw(text, load_tree(copy), cache=cache, again=True, folder="again")
    assert {f.status for f in again} == {"drawn"}
    assert {f.path.name: f.path.read_bytes() for f in again} == before

    with h5py.File(copy / "sim_07/data.h5", "a") as file:
        file["random_walk"][3] = 77.0
    drawn = [
        figure.path.name
        for figure in draw(text, load_tree(copy), cache=cache, folder="changed")
        if figure.status == "drawn"
    ]
    assert sorted(drawn) == ["07__max_step_size_0.1__seed_1.pdf", "mean_random_walk.pdf",
                             "mean_random_walk.png"]  # fmt: skip
    cache.close()


def test_the_projects_code_is_part_of_the_recipe(draw):
    one, _ = draw(MEAN, code={"digest": "a"})
    other, _ = draw(MEAN, code={"digest": "b"}, folder="other")
    assert one.recipe.code == {"digest": "a"}
    assert one.digest != other.digest


@pytest.mark.parametrize(
    ("universes", "expected"),
    [
        ("first", ["06"]), ("single", ["06"]), ("any", ["06"]), ("last", ["19"]),
        ("[7, '08']", ["07", "08"]),
        ("{seed: 2}", ["08", "13", "18"]),
        ("{seed: [0, 3], max_step_size: 0.3}", ["11", "14"]),
    ],
)  # fmt: skip
def test_universes_are_chosen(draw, universes, expected):
    figures = draw(WALKS.replace("all", universes))
    assert [figure.path.name[:2] for figure in figures] == expected


def test_a_random_choice_is_saved_as_what_was_chosen(draw, dm, tmp_path):
    (figure,) = draw(WALKS.replace("all", "random"))
    saved = tmp_path / "out/random_walk/sweep_cfg.yml"
    (again,) = PlotManager(dm=dm).plot_from_cfg(saved, out_dir=tmp_path / "again")
    assert again.path.name == figure.path.name


@pytest.mark.parametrize(
    ("universes", "message"),
    [("al", "Did you mean 'all'"), ("[99]", "no universe 99"), ("{sed: 1}", "Did you mean 'seed'"),
     ("{seed: 77}", r"no universe with seed = 77(.|\n)*There are seed = 0, 1, 2"),
     ("{seed: [1, 77, 78]}", "no universe with seed = 77"), ("~", "does not say which"),
     ("{seed: '1'}", "no universe with seed = '1'"),
     ("{seed: {idx: 1}}", "not accepted yet")],
)  # fmt: skip
def test_universes_that_are_not_there(draw, universes, message):
    with pytest.raises(UserError, match=message) as caught:
        draw(WALKS.replace("all", universes))
    assert caught.value.problems[0].where.line == 3


def test_each_value_that_no_universe_has_is_told_where_it_stands(draw):
    with pytest.raises(UserError) as caught:
        draw(WALKS.replace("all", "{seed: [1, 77, 78], max_step_size: 9}"))
    assert [(p.where.dotted, p.message) for p in caught.value.problems] == [
        (f"random_walk.universes.{at}", f"there is no universe with {what}")
        for at, what in (
            ("seed[1]", "seed = 77"),
            ("seed[2]", "seed = 78"),
            ("max_step_size", "max_step_size = 9"),
        )
    ]


def test_the_group_of_universes_must_be_there(draw):
    for path, message in (("simulation", "Did you mean 'simulations'"), (None, "does not know")):
        with pytest.raises(UserError, match=message):
            draw(WALKS, creator_init_kwargs={"universe": {"psgrp_path": path}})
    with pytest.raises(UserError, match="not a ParamSpaceGroup"):
        draw(WALKS, creator_init_kwargs={"universe": {"psgrp_path": "simulations/06/data"}})


def test_problems_of_all_plots_are_told_before_anything_is_drawn(draw, tmp_path):
    text = WALKS.replace("universes: all", "universes: all\n  hues: seed")
    text = text.replace("xr.DataArray", "xr.DataArry")
    with pytest.raises(UserError) as caught:
        draw(text + MEAN.replace(".mean", ".meen").replace("data/random_walk", "data/random"))
    lines = [problem.where.line for problem in caught.value.problems]
    assert [text.splitlines()[line - 1].strip() for line in lines[:2]] == [
        "hues: seed", "- xr.DataArry: !dag_prev",
    ]  # fmt: skip
    assert len(lines) >= 4
    assert lines == sorted(lines)
    assert "Did you mean '.mean'" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_missing_tag_is_told_before_anything_is_drawn(draw, tmp_path):
    with pytest.raises(UserError, match="needs a result tagged 'data'"):
        draw(WALKS + MEAN.replace("tag: data", "tag: date"))
    assert not (tmp_path / "out").exists()


FAILING = (
    WALKS.replace("all", "first")
    + """\
wrong:
  based_on: random_walk
  hue: sed
"""
)


def test_a_failing_plot_is_reported_and_the_others_go_on(draw, caplog):
    with caplog.at_level(logging.ERROR):
        good, bad = draw(FAILING, raise_exc=False)
    assert (good.status, bad.status) == ("drawn", "failed")
    assert "names nothing in the data" in bad.problems[0].message
    assert bad.problems[0].where.file.endswith("plots.yml")
    assert bad.problems[0].where.line == FAILING.splitlines().index("  hue: sed") + 1
    assert "names nothing in the data" in caplog.text
    assert not bad.path.exists()


def test_a_universe_without_the_data_fails_alone(draw, sweep, load_tree, tmp_path):
    shutil.copytree(sweep, tmp_path / "copy")
    with h5py.File(tmp_path / "copy/sim_08/data.h5", "a") as file:
        del file["random_walk"]
    figures = draw(WALKS, load_tree(tmp_path / "copy"), raise_exc=False)
    failed = [figure for figure in figures if figure.status == "failed"]
    assert len(figures) == 12
    assert [figure.path.name for figure in failed] == ["08__max_step_size_0.1__seed_2.pdf"]
    assert "random_walk" in failed[0].problems[0].message
    assert failed[0].problems[0].where.line == 8


def test_a_failing_plot_raises_if_asked_to(draw):
    with pytest.raises(UserError, match="names nothing in the data"):
        draw(FAILING)


def test_whatever_a_plot_function_raises_is_told_as_a_problem(dm, tmp_path):
    def broken(dm, *, hlpr):
        raise ZeroDivisionError("oh")

    manager = PlotManager(dm=dm)
    (figure,) = manager.plot("p", plot_func=broken, out_dir=tmp_path)
    assert figure.status == "failed"
    assert "ZeroDivisionError: oh" in str(figure.problems[0])
    assert manager.plot_info[0]["status"] == "failed"


def test_own_functions_get_the_tree_or_the_results(dm, tmp_path):
    seen = []

    def whole(dm, *, hlpr, factor):
        seen.append((dm, factor))
        hlpr.ax.plot([0, 1])

    def one(dm, *, uni, hlpr):
        seen.append(uni.name)
        hlpr.ax.plot(uni["data/random_walk"])

    def results(*, data, hlpr, limit):
        seen.append((sorted(data), limit))
        hlpr.ax.plot(data["w"])

    from whence.transform import ResultTag

    manager = PlotManager(
        dm=dm, raise_exc=True, creator_init_kwargs=SETTINGS["creator_init_kwargs"]
    )
    manager.plot("a", plot_func=whole, factor=3, out_dir=tmp_path)
    manager.plot("b", plot_func=one, universes=[7], out_dir=tmp_path)
    manager.plot(
        "c", plot_func=results, universes="first", out_dir=tmp_path,
        select={"w": "data/random_walk"}, transform=[{".max": ["x"], "tag": "top"}][:0],
        limit=ResultTag("w"),
    )  # fmt: skip
    assert seen[0] == (dm, 3)
    assert seen[1] == "07"
    assert seen[2][0] == ["w"]
    assert len(seen[2][1]) == 128


def test_an_edited_plot_function_draws_again(dm, tmp_path):
    cache = DiskCache(tmp_path / "cache")
    own = tmp_path / "own.py"
    text = "def draw(dm, *, hlpr):\n    hlpr.ax.plot([0, {}])\n"
    (tmp_path / "plots.yml").write_text("p: {module_file: own.py, plot_func: draw}\n")
    states = []
    for n, number in enumerate((1, 1, 2)):
        own.write_text(text.format(number))
        manager = PlotManager(dm=dm, cache=cache)
        (figure,) = manager.plot_from_cfg(tmp_path / "plots.yml", out_dir=tmp_path / str(n))
        states.append(figure.status)
    assert states == ["drawn", "cached", "drawn"]
    cache.close()


def test_figures_that_are_there_are_not_overwritten_by_others(draw, tmp_path):
    text = WALKS.replace("all", "first")
    (first,) = draw(text)
    (same,) = draw(text)
    assert same.digest == first.digest
    other = text + "  helpers: {set_title: {title: new}}\n"
    with pytest.raises(UserError, match="is there already"):
        draw(other)
    (skipped,) = draw(other + "  exist_ok: skip\n", cfg_exists_action="skip")
    assert skipped.status == "skipped"
    assert first.path.read_bytes() == read(first)
    (changed,) = draw(other + "  exist_ok: true\n", cfg_exists_action="overwrite_nowarn")
    assert changed.digest != first.digest


def read(figure):
    assert digest_file(figure.path) == figure.digest
    return figure.path.read_bytes()


def test_folders_hold_a_timestamp_and_follow_the_tree(dm, sweep):
    manager = PlotManager(dm=dm, raise_exc=True)
    (figure,) = manager.plot(
        "deep/er", module=".generic", plot_func="facet_grid",
        select={"data": "simulations/06/data/random_walk"}, file_ext="svg",
    )  # fmt: skip
    inside = figure.path.relative_to(sweep / "eval")
    assert inside.parts[1:] == ("deep", "er.svg")
    assert len(inside.parts[0]) == len("261121-051733")
    assert read_recipe(figure.path) == figure.recipe
    with pytest.raises(UserError, match="timestamp"):
        PlotManager(dm=dm, out_dir="{tiem}").plot("x", module=".generic", plot_func="facet_grid")


def test_progress_is_told_per_figure(draw):
    heard = []
    draw(WALKS.replace("all", "[6, 7]"), progress=lambda *args: heard.append(args))
    assert [args[:2] for args in heard] == [(1, 2), (2, 2)]


def test_subclasses_add_creators(dm, tmp_path):
    from whence.plot.creator import Creator, Task

    class Mine(PlotManager):
        CREATORS: ClassVar = {"twice": Creator(
            lambda spec, dm: [Task(spec, f"{spec.name}/{n}", dm, dm) for n in "ab"], ("extra",)
        )}  # fmt: skip

    figures = Mine(dm=dm, raise_exc=True).plot(
        "p", creator="twice", plot_func=lambda dm, *, hlpr: hlpr.ax.plot([1, 2]), extra=1,
        out_dir=tmp_path, file_ext="png",
    )  # fmt: skip
    assert [figure.path.name for figure in figures] == ["a.png", "b.png"]


def test_a_plot_that_is_a_parameter_space_is_a_file_per_point(draw, dm, tmp_path):
    figures = draw("""\
walks: !pspace
  module: .generic
  plot_func: facet_grid
  select: {data: simulations/06/data/random_walk}
  linewidth: !sweep {default: 1, values: [0.5, 2]}
""")
    names = sorted(path.name for path in (tmp_path / "out/walks").iterdir())
    assert names == ["1__linewidth_0.5.pdf", "2__linewidth_2.pdf", "sweep_cfg.yml"]
    again = PlotManager(dm=dm, raise_exc=True).plot_from_cfg(
        tmp_path / "out/walks/sweep_cfg.yml", out_dir=tmp_path / "again"
    )
    assert [figure.digest for figure in again] == [figure.digest for figure in figures]
    with pytest.raises(UserError, match="not accepted yet"):
        draw(WALKS.replace("random_walk:", "random_walk: !pspace", 1))


SLICED = (
    WALKS
    + """\
        - .isel: !dag_prev
          kwargs: {iteration: !slice [2, 40]}
"""
)


def test_a_slice_is_saved_with_its_tag_and_drawn_again_from_there(draw, tmp_path):
    first, *_ = draw(SLICED)
    (saved,) = (tmp_path / "out").rglob("*_cfg.yml")
    assert "iteration: !slice [2, 40, null]" in saved.read_text()
    again, *_ = draw(saved.read_text(), folder="again")
    assert again.digest == first.digest
    told = again.recipe.configuration["select"]["data"]["transform"][1]["kwargs"]
    assert told == {"iteration": {"!slice": [2, 40, None]}}


def test_a_configuration_with_no_form_in_yaml_is_warned_of_and_the_others_are_saved(dm, tmp_path):
    manager = PlotManager(dm, **SETTINGS)
    walks = parse(WALKS + MEAN, tags=yaml_tags()).value
    walks["random_walk"]["style"] = {"lines.linewidth": Decimal(2)}
    with pytest.warns(UserWarning, match=r"the configuration of 'random_walk' is not saved: .*Dec"):
        figures = manager.plot_from_cfg(walks, out_dir=str(tmp_path / "out"))
    assert {figure.status for figure in figures} == {"drawn"}
    assert [path.name for path in (tmp_path / "out").rglob("*_cfg.yml")] == [
        "mean_random_walk_cfg.yml"
    ]
