"""What is made up for folders that nobody has described."""

import numpy as np
import pytest

from whence.base import yaml
from whence.base.error import UserError
from whence.tree import DataManager, guessed


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".npy"):
            np.save(path, np.arange(3.0))
        elif name.endswith(".csv"):
            path.write_text("t,v\n1,2\n")
        else:
            path.write_text("a: 1\n")


def loaded(folder, files=None):
    settings = {**guessed(folder, files).settings, "out_dir": False}
    plain = yaml.parse(yaml.dump(settings)).value  # as it stands in an eval.yml
    manager = DataManager(folder, **plain)
    manager.load_from_cfg()
    return manager


def test_a_sweep_is_a_group_of_simulations(tmp_path):
    for point in ("sim_01", "sim_12"):
        write(tmp_path, f"{point}/energy.npy", f"{point}/deep/log.txt", f"{point}/picture.png")
    manager = loaded(tmp_path)
    assert manager["simulations/01/energy"].shape == (3,)
    assert str(manager["simulations/12/deep/log"]) == "a: 1\n"
    assert guessed(tmp_path).left_out == {".png": 2}


def test_the_space_is_an_attribute_of_the_simulations(tmp_path):
    (tmp_path / "pspace.yml").write_text("!pspace\na: !pdim {default: 1, values: [1, 2]}\n")
    write(tmp_path, "sim_1/x.npy", "sim_2/x.npy")
    simulations = loaded(tmp_path)["simulations"]
    assert simulations.classname == "ParamSpaceGroup"
    assert dict(simulations.attrs["pspace"].coords) == {"a": (1, 2)}


def test_names_that_differ_in_their_ending_keep_it(tmp_path):
    write(tmp_path, "sim_1/x.npy", "sim_1/x.csv")
    assert set(loaded(tmp_path)["simulations/1"]) == {"x.npy", "x.csv"}


def test_many_of_a_kind_are_one_entry(tmp_path):
    write(tmp_path, *(f"sim_{n}/snap/[{k}].npy" for n in (1, 2) for k in range(5)))
    assert len(guessed(tmp_path).settings["load_cfg"]) == 1
    assert list(loaded(tmp_path)["simulations/2/snap"]) == [f"[{k}].npy" for k in range(5)]


def test_any_other_folder_is_as_it_lies_and_hidden_things_are_left_out(tmp_path):
    write(tmp_path, "a/x.npy", "a/b/t.csv", "n.txt", ".whence/store.json", ".hidden.txt")
    manager = loaded(tmp_path)
    assert set(manager) == {"a", "n.txt"}
    assert set(manager["a"]) == {"x.npy", "b"}


def test_some_files_alone(tmp_path):
    write(tmp_path, "a/{x}.npy", "b/[t].csv", "c.txt")
    manager = loaded(tmp_path, ["a/{x}.npy", "b/[t].csv"])
    assert set(manager) == {"a", "b"}
    assert manager["a/{x}.npy"].shape == (3,)


def test_nothing_to_load(tmp_path):
    write(tmp_path, "a.png")
    with pytest.raises(UserError, match=r"it has \.png"):
        guessed(tmp_path)
