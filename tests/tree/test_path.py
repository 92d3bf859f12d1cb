"""Reaching into the tree by paths."""

import pickle

import numpy as np
import pytest

from whence.base.error import UserError
from whence.tree import (
    DataManager,
    ExistingDataError,
    IndexedDataGroup,
    ItemAccessError,
    ObjectContainer,
    OrderedDataGroup,
    ParamSpaceGroup,
)


@pytest.fixture
def group():
    group = OrderedDataGroup(name="root")
    group.new_container("abm/energy", data={"values": [1, {"deep": 2}]})
    group.new_group("abm/empty")
    return group


def test_paths_of_all_spellings(group):
    assert group["abm/energy"] is group[["abm", "energy"]] is group["abm"]["energy"]
    assert group["abm//energy/"] is group["./abm/../abm/energy"] is group[["abm/energy"]]
    assert group["abm/energy/values/1/deep"] == 2
    assert group["abm/energy"].path == "/root/abm/energy"
    assert group["abm/energy"].parent is group["abm"]
    assert group["abm/energy/.."] is group["abm"]


def test_contains_and_get(group):
    assert "abm/energy" in group
    assert group["abm"] in group
    assert "abm/mass" not in group
    assert group.get("abm/mass") is None
    assert list(group.items()) == [("abm", group["abm"])]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("abm/enrgy", ["no item 'abm/enrgy'", "stopped at 'abm'", "Did you mean 'energy'?"]),
        ("abm/energy/vals", ["stopped at 'abm/energy', ObjectContainer 'energy'", "'values'"]),
        ("abm/energy/values/7", ["a value of type list", "index out of range"]),
        ("abm/empty/x", ["It has no members."]),
        ("../x", ["nothing above it"]),
        ("/abm", ["absolute", "leave out the leading '/'"]),
        (3, ["no item '3' in OrderedDataGroup 'root'", "It has: abm."]),
    ],
)
def test_a_wrong_path_says_where_it_stopped(group, path, says):
    with pytest.raises(ItemAccessError) as caught:
        group[path]
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, IndexError)
    for word in says:
        assert word in str(caught.value)


def test_adding_and_removing(group):
    with pytest.raises(ExistingDataError, match="already has a member 'energy'"):
        group.new_container("abm/energy", data=1)
    with pytest.raises(ExistingDataError, match="is no group"):
        group.new_container("abm/energy/x", data=1)
    group.place("abm/energy", ObjectContainer(name="energy", data=5), overwrite=True)
    assert group["abm/energy"].data == 5
    del group["abm/energy"]
    assert list(group["abm"]) == ["empty"]
    with pytest.raises(UserError, match="cannot be the name"):
        ObjectContainer(name="a/b")


def test_indexed_groups_order_by_number():
    group = IndexedDataGroup(name="steps")
    for name in ("10", "9", "0"):
        group.new_container(name, data=int(name))
    assert list(group) == ["0", "9", "10"]
    assert group[9].data == 9
    assert group[-1].data == 10
    assert 11 not in group
    with pytest.raises(UserError, match="whole numbers"):
        group.new_container("last", data=1)


def test_param_space_groups_know_states_by_number():
    group = ParamSpaceGroup(name="sims")
    group.new_group("07")
    group.new_group("12")
    assert group[7] is group["07"]
    assert type(group[7]).__name__ == "ParamSpaceStateGroup"
    with pytest.raises(UserError, match="2 digits"):
        group.new_group("1")
    with pytest.raises(UserError, match="does not know its parameter space"):
        _ = group[7].coords


def test_coordinates_of_a_state(dm):
    assert dm["simulations"][5].coords == {"seed": 0, "size": 1.0}
    assert dm["simulations"][10].coords == {"seed": 2, "size": 0.1}
    assert not dm["simulations"].only_default_data_present


def test_a_loaded_tree_can_be_pickled(dm):
    again = pickle.loads(pickle.dumps(dm))
    assert isinstance(again, DataManager)
    np.testing.assert_array_equal(
        again["simulations/05/data/walk"], dm["simulations/05/data/walk"].data
    )
    assert again["simulations/05/params"]["seed"] == dm["simulations/05/params"]["seed"]
