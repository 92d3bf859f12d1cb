"""Load configurations: what they load, and what is told about wrong ones."""

import numpy as np
import pytest
import xarray as xr

from whence.base import yaml
from whence.base.error import UserError
from whence.tree import (
    DataManager,
    ExistingDataError,
    ExistingDataWarning,
    HDF5MapWarning,
    MissingDataWarning,
    NoMatchWarning,
    OrderedDataGroup,
    RequiredDataMissingError,
    Section,
    entries,
)

BAD = r"""
data_manager:
  load_cfg:
    one:
      loader: hdf6
      glob_str: "*.h5"
      requierd: true
    two:
      loader: text
      glob_string: "*.log"
    three:
      loader: hdf5
      glob_str: "*.h5"
      required: false
      enable_maping: true
      path_regex: "sim_(\\d+"
    four:
      loader: yaml
      glob_str: 3
      required: "yes"
      target_path: a/{mach:}/b
      target_group: x
    five: text
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.txt").write_text("first\n")
    (tmp_path / "b.txt").write_text("second\n")
    (tmp_path / "p.yml").write_text("x: 1\ny: [1, 2]\n")
    (tmp_path / "list.yml").write_text("[1, 2]\n")
    (tmp_path / "v.json").write_text('{"k": [1, null]}')
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "m.dat").write_text("# x y\n1 2\n3 4\n")
    np.save(tmp_path / "n.npy", np.arange(4, dtype="int16"))
    xr.DataArray([1.0, 2.0], {"t": [3, 4]}, ["t"], name="u").to_netcdf(
        tmp_path / "u.nc", engine="h5netcdf"
    )
    return tmp_path


@pytest.fixture
def empty(folder):
    return DataManager(folder, out_dir=False)


def test_all_problems_are_told_at_once_with_their_places():
    document = yaml.parse(BAD, file="eval.yml")
    with pytest.raises(UserError) as caught:
        entries(Section(document, ("data_manager", "load_cfg")))
    told = {problem.code: str(problem) for problem in caught.value.problems}
    assert set(told) == {
        "unknown-loader",
        "unknown-key",
        "missing-key",
        "bad-regex",
        "bad-value",
        "two-targets",
        "bad-format-string",
        "bad-entry",
    }
    assert told["unknown-loader"].startswith("eval.yml:5:15: unknown loader 'hdf6'")
    assert "Did you mean 'hdf5'" in told["unknown-loader"]
    every = str(caught.value)
    assert "eval.yml:7:7: unknown key 'requierd'" in every
    assert "Did you mean 'required'?" in every
    assert "eval.yml:10:7: unknown key 'glob_string'" in every
    assert "entry 'two' has no `glob_str`" in every
    assert "Did you mean 'enable_mapping'" in every
    assert "Did you mean 'match'?" in every


def test_a_typo_is_an_error_even_if_the_entry_is_not_required(empty):
    with pytest.raises(UserError, match="unknown key 'delimter'") as caught:
        empty.load("table", loader="pandas_csv", glob_str="t.csv", required=False, delimter=";")
    assert "Did you mean 'delimiter'?" in str(caught.value)
    assert len(empty) == 0


def test_nothing_is_loaded_if_anything_is_wrong(sweep, load_cfg):
    dm = DataManager(sweep, out_dir=False)
    load_cfg["more"] = {"loader": "text", "glob_str": "*.nothing", "required": True}
    load_cfg["again"] = {"loader": "text", "glob_str": "*.none", "required": True}
    with pytest.raises(RequiredDataMissingError) as caught:
        dm.load_from_cfg(load_cfg=load_cfg)
    assert len(caught.value.problems) == 2
    assert len(dm) == 0


def test_a_wrong_configuration_is_told_when_the_manager_is_made(folder):
    with pytest.raises(UserError, match="unknown loader"):
        DataManager(folder, out_dir=False, load_cfg={"a": {"loader": "x", "glob_str": "*"}})


@pytest.mark.parametrize(
    ("entry", "target", "cls", "info"),
    [
        ({"loader": "text", "glob_str": "a.txt"}, "e", "StringContainer", "str stored, 1 attri"),
        ({"loader": "text", "glob_str": "*.txt"}, "e/b", "StringContainer", "str stored"),
        ({"loader": "yaml", "glob_str": "p.yml"}, "e", "MutableMappingContainer", "1 attribute"),
        ({"loader": "yaml_to_object", "glob_str": "list.yml"}, "e", "ObjectContainer", "list st"),
        ({"loader": "json", "glob_str": "v.json"}, "e", "ObjectContainer", "dict stored"),
        ({"loader": "numpy", "glob_str": "n.npy"}, "e", "NumpyDataContainer", "int16, shape (4,)"),
        (
            {"loader": "numpy_txt", "glob_str": "m.dat"},
            "e",
            "NumpyDataContainer",
            "float64, shape (2, 2)",
        ),
        (
            {"loader": "pandas_csv", "glob_str": "t.csv"},
            "e",
            "PassthroughContainer",
            "DataFrame stored",
        ),
        ({"loader": "xr_dataarray", "glob_str": "u.nc"}, "e", "XrDataContainer", "float64, (t: 2)"),
        (
            {"loader": "xr_dataset", "glob_str": "u.nc"},
            "e",
            "PassthroughContainer",
            "Dataset stored",
        ),
        (
            {"loader": "text", "glob_str": "a.txt", "target_group": "g/h"},
            "g/h/e",
            "StringContainer",
            "",
        ),
        (
            {
                "loader": "text",
                "glob_str": "*.txt",
                "ignore": ["b*"],
                "target_path": "{basename:}{ext:}",
            },
            "a.txt",
            "StringContainer",
            "",
        ),
        (
            {
                "loader": "text",
                "glob_str": ["?.txt"],
                "path_regex": r"(?P<letter>\w)\.(txt)",
                "target_path": "{named[letter]}_{groups[1]}_{match:}",
            },
            "b_txt_b",
            "StringContainer",
            "",
        ),
        (
            {
                "loader": "text",
                "glob_str": "a.txt",
                "path_regex": r"a\.",
                "target_path": "x_{match:}",
            },
            "x_a.",
            "StringContainer",
            "",
        ),
    ],
)
def test_loaders_and_targets(empty, entry, target, cls, info):
    empty.load("e", **entry)
    node = empty[target]
    assert type(node).__name__ == cls
    assert info in node.info()
    assert node.source.file.is_file()


def test_what_the_loaders_read(empty):
    empty.load("csv", loader="pandas_csv", glob_str="t.csv", index_col="a")
    assert empty["csv"].loc[3, "b"] == 4
    empty.load("npy", loader="numpy", glob_str="n.npy")
    assert empty["npy"][1:3].tolist() == [1, 2]
    assert (empty["npy"] * 2).tolist() == [0, 2, 4, 6]
    empty.load("u", loader="xr_dataarray", glob_str="u.nc")
    assert empty["u"].sel(t=4).item() == 2.0
    empty.load("ds", loader="xr_dataset", glob_str="u.nc")
    assert empty["ds"]["u"].sum() == 3.0
    empty.load("p", loader="yaml", glob_str="p.yml")
    assert dict(empty["p"].items()) == {"x": 1, "y": [1, 2]}
    empty.load("l", loader="yaml", glob_str="list.yml")
    with pytest.raises(UserError, match="not a mapping"):
        _ = empty["l"].data


def test_existing_data(empty):
    entry = {"loader": "text", "glob_str": "a.txt", "target_path": "x"}
    empty.load("e", **entry)
    with pytest.raises(ExistingDataError, match="already data at 'x'"):
        empty.load("e", **entry)
    other = {**entry, "glob_str": "b.txt"}
    with pytest.warns(ExistingDataWarning, match="left as it is"):
        empty.load("e", **other, exists_action="skip")
    assert empty["x"].data == "first\n"
    empty.load("e", **other, exists_action="overwrite_nowarn")
    assert empty["x"].data == "second\n"
    with pytest.raises(UserError, match="`exists_action` is 'skp'"):
        empty.load_from_cfg(load_cfg={}, exists_action="skp")


def test_two_files_for_one_place_are_told(empty):
    with pytest.raises(UserError, match="would both go to 'same'"):
        empty.load("e", loader="text", glob_str="*.txt", target_path="same")


def test_what_may_be_missing_is_warned_of(empty):
    with pytest.warns(MissingDataWarning, match=r"nothing matches '\*.none'"):
        empty.load("e", loader="text", glob_str="*.none")
    with pytest.warns(NoMatchWarning, match="does not match"):
        empty.load(
            "f", loader="text", glob_str="a.txt", path_regex="(zzz)", target_path="t/{match:}"
        )
    assert "t/a" in empty


def test_attributes(empty):
    with pytest.raises(UserError, match="nothing at 'group'"):
        empty.load("p", loader="yaml", glob_str="p.yml", target_path="group", load_as_attr=True)
    empty.new_group("group")
    empty.load("p", loader="yaml", glob_str="p.yml", target_path="group", load_as_attr=True)
    assert empty["group"].attrs["p"]["x"] == 1
    with pytest.raises(UserError, match="needs `target_path`"):
        empty.load("p", loader="yaml", glob_str="p.yml", load_as_attr=True)


def test_updates_files_and_disabled_entries(folder):
    (folder / "load.yml").write_text(
        "a: {loader: text, glob_str: a.txt}\nb: {loader: x, glob_str: b}\n"
    )
    dm = DataManager(folder, out_dir=False, load_cfg=folder / "load.yml")
    with pytest.raises(UserError, match=r"load.yml:2:13: unknown loader 'x'"):
        dm.load_from_cfg()
    update = {"b": {"loader": "text", "enabled": False}}
    dm.load_from_cfg(update_load_cfg=update)
    assert list(dm) == ["a"]


def test_mapping_of_hdf5_objects(sweep, load_cfg):
    class Steps(OrderedDataGroup):
        pass

    class Mine(DataManager):
        _HDF5_GROUP_MAP = {"time_series": Steps}  # noqa: RUF012

    only = {"data": load_cfg["data"]}
    dm = Mine(sweep, out_dir=False, load_cfg=only)
    dm.load_from_cfg()
    assert type(dm["simulations/05/data/energy"]) is Steps
    only["data"]["map_from_attr"] = "unit"
    dm = Mine(sweep, out_dir=False, load_cfg=only)
    dm.load_from_cfg()
    with pytest.warns(HDF5MapWarning, match="unit='m'"):
        _ = dm["simulations/05/data/energy"]


def test_a_damaged_file_is_told_when_loading(sweep, load_cfg):
    path = sweep / "sim_05" / "data.h5"
    path.write_bytes(path.read_bytes()[:100])
    (sweep / "sim_07" / "data.h5").write_text("no HDF5")
    dm = DataManager(sweep, out_dir=False, load_cfg={"data": load_cfg["data"]})
    with pytest.raises(UserError, match="not a whole HDF5 file") as caught:
        dm.load_from_cfg()
    assert len(caught.value.problems) == 2
    assert len(dm) == 0


def test_progress_and_printing(sweep, load_cfg, capsys):
    seen = []
    dm = DataManager(sweep, out_dir=False, load_cfg={"log": load_cfg["log"]})
    dm.load_from_cfg(progress=lambda *told: seen.append(told), print_tree=True)
    assert seen[0] == (1, 6, "simulations/04/log")
    assert seen[-1][:2] == (6, 6)
    assert capsys.readouterr().out == dm.tree + "\n\n"


def test_making_a_manager(folder):
    dm = DataManager(folder, name="Mine", out_dir="out/{name:}")
    assert dm.dirs == {"data": folder, "out": folder / "out" / "mine"}
    with pytest.raises(UserError, match="already there"):
        DataManager(folder, name="Mine", out_dir="out/{name:}")
    DataManager(folder, name="Mine", out_dir="out/{name:}", out_dir_kwargs={"exist_ok": True})
    assert DataManager(folder, out_dir=False).name == f"{folder.name}_Manager"
    first = DataManager(folder).dirs["out"]
    second = DataManager(folder).dirs["out"]
    assert first != second
    assert first.is_dir()
    with pytest.raises(UserError, match="no data folder"):
        DataManager(folder / "none")
    with pytest.raises(UserError, match="unknown key 'cls'"):
        DataManager(folder, out_dir=False, create_groups=[{"path": "x", "cls": "TimeSeriesGroup"}])
    with pytest.raises(UserError, match="Did you mean 'TimeSeriesGroup'"):
        DataManager(folder, out_dir=False, create_groups=[{"path": "x", "Cls": "TimeSeriesGrop"}])
    with pytest.raises(UserError, match="unknown key 'thresh'"):
        DataManager(folder, out_dir=False, condensed_tree_params={"thresh": 3})


def test_groups_of_one_manager_do_not_reach_another(folder):
    for _ in range(2):
        assert list(DataManager(folder, out_dir=False, create_groups=["a"])) == ["a"]
