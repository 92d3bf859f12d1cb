"""What people read: the printed tree, whole."""

import contextlib
import io
import re

import pytest

from whence.tree import DataManager, OrderedDataGroup, tree_text

SMALL = """\
Tree of DataManager 'small', 1 member, 0 attributes
 └─ simulations                 <ParamSpaceGroup, 6 members, 1 attribute>
    └┬ 05                       <ParamSpaceStateGroup, 3 members, 0 attributes>
       └┬ params                <MutableMappingContainer, 1 attribute>
        ├ data                  <OrderedDataGroup, 4 members, 0 attributes>
          └┬ count              <NumpyDataContainer, uint16, shape (5,), 0 attr…
           ├ energy             <TimeSeriesGroup, 12 members, 1 attribute>
             └┬ 0               <XrDataContainer, float64, (dim_0: 8), 0 attrib…
              ├ ...             ... (10 more) ...
              └ 11              <XrDataContainer, float64, (dim_0: 1), 0 attrib…
           ├ field              <NumpyDataContainer, float64, shape (2, 3), 4 a…
           └ walk               <NumpyDataContainer, float64, shape (8,), 0 att…
        └ log                   <StringContainer, str stored, 1 attribute>
     ├ ...                      ... (4 more) ...
     └ 11                       <ParamSpaceStateGroup, 3 members, 0 attributes>
       └┬ params                <MutableMappingContainer, 1 attribute>
        ├ data                  <OrderedDataGroup, 4 members, 0 attributes>
          └┬ count              <NumpyDataContainer, uint16, shape (5,), 0 attr…
           ├ ...                ... (2 more) ...
           └ walk               <NumpyDataContainer, float64, shape (8,), 0 att…
        └ log                   <StringContainer, str stored, 1 attribute>"""


def test_condensed_tree_of_a_small_sweep(dm):
    shown = tree_text(dm, condense_thresh=3, columns=80)
    first, rest = shown.split("     ├ ...                      ... (4 more)")
    # The group has four members, so three lines of it are condensed everywhere.
    assert "... (2 more) ..." in first
    full = tree_text(dm["simulations/05"], columns=80).splitlines()
    assert full[0] == "Tree of ParamSpaceStateGroup '05', 3 members, 0 attributes"
    assert len(full) == 1 + 3 + 4 + 12
    assert (
        rest.splitlines()[1:]
        == SMALL.split("     ├ ...                      ... (4")[1].splitlines()[1:]
    )


def test_members_are_shown_in_full_up_to_the_threshold(dm):
    lines = tree_text(dm["simulations/05/data"], condense_thresh=4, columns=80).splitlines()
    assert lines == [
        "Tree of OrderedDataGroup 'data', 4 members, 0 attributes",
        " └┬ count                       <NumpyDataContainer, uint16, shape (5,), 0 attr…",
        "  ├ energy                      <TimeSeriesGroup, 12 members, 1 attribute>",
        "    └┬ 0                        <XrDataContainer, float64, (dim_0: 12), 0 attri…".replace(
            "12), 0 attri", "8), 0 attrib"
        ),
        "     ├ 1                        <XrDataContainer, float64, (dim_0: 8), 0 attrib…",
        "     ├ ...                      ... (9 more) ...",
        "     └ 11                       <XrDataContainer, float64, (dim_0: 1), 0 attrib…",
        "  ├ field                       <NumpyDataContainer, float64, shape (2, 3), 4 a…",
        "  └ walk                        <NumpyDataContainer, float64, shape (8,), 0 att…",
    ]


def test_max_level_and_width(dm):
    lines = tree_text(dm, max_level=1, columns=120).splitlines()
    assert len(lines) == 2
    assert lines[1].index("<") == 120 - 72


def test_format_specifications(dm):
    assert f"{dm:tree}" == dm.tree
    assert f"{dm['simulations']:info}" == "6 members, 1 attribute"
    assert f"{OrderedDataGroup(name='a')}" == "<OrderedDataGroup 'a', 0 members, 0 attributes>"


def test_tree_of_the_seed_document(seed, tmp_path, monkeypatch):
    """The whole printed tree, of data made by the document's own generator."""
    reference = _reference()
    monkeypatch.setenv("COLUMNS", "80")
    from whence.base import yaml
    from whence.compat.dantro.tools import write_yml
    from whence.params import yaml_tags

    scope = {}
    code = seed.part("generator").replace("from dantro.tools", "from whence.compat.dantro.tools")
    exec(code, scope)
    space = yaml.parse(seed.part("sim_cfg"), tags=yaml_tags()).value["parameter_space"]
    write_yml(space, path=tmp_path / "pspace.yml")
    for params, state in space.iterator(with_info="state_no_str"):
        scope["generate_and_store_data"](tmp_path / f"sim_{state}", **params)
    cfg = yaml.parse(seed.project_cfg()).value["data_manager"]

    class MyDataManager(DataManager):
        pass

    dm = MyDataManager(tmp_path, name="my_simulation", **cfg)
    before = dm.tree
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        dm.load_from_cfg(print_tree="condensed")
    assert [before, *out.getvalue().strip().split("\n\n")] == reference
    assert re.fullmatch(r"\d{6}-\d{6}", dm.dirs["out"].name)
    assert dm.dirs["out"].parent == tmp_path / "eval"


def _reference():
    from pathlib import Path

    path = Path(__file__).parents[3] / "shared" / "reference" / "dantro_seed_tree.txt"
    if not path.exists():
        pytest.skip(f"the reference tree is not there ({path})")
    return path.read_text().strip("\n").split("\n\n")


def test_what_cannot_be_read_does_not_hide_the_rest(tmp_path):
    (tmp_path / "a.yml").write_text("x: [1")
    (tmp_path / "b.yml").write_text("x: 1")
    dm = DataManager(tmp_path, name="all", out_dir=False)
    dm.load("all", loader="yaml_to_object", glob_str="*.yml")
    first, second = tree_text(dm, columns=200).splitlines()[2:]
    assert "cannot be shown" in first
    assert "dict stored" in second


def test_a_notebook_shows_the_tree_to_be_unfolded(dm):
    html = dm._repr_html_()
    assert html.startswith('<div style="text-align: left; vertical-align: top"><b>small</b>')
    assert str(dm.dirs["data"]) in html
    assert html.count("<details") == html.count("</details>") > 6
    assert html.count(" open>") == 1  # the first level
    assert "NumpyDataContainer, uint16, shape (5,)" in html
    below = dm["simulations/05"]._repr_html_()
    assert below.count(" open>") == 1
    assert "… 3 more …" in OrderedDataGroup._card(dm["simulations"], max_level=1, condense_thresh=4)


def test_names_in_the_tree_of_a_notebook_are_no_html(tmp_path):
    (tmp_path / "<b>.txt").write_text("x")
    dm = DataManager(tmp_path, out_dir=False)
    dm.load("x", loader="text", glob_str="*.txt")
    html = dm._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>." not in html
