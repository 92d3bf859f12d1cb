import copy
import pickle
import re

import numpy as np
import pytest

from whence.base.error import UserError
from whence.params import CoupledParamDim, ParamDim, ParamSpace


def dim(*values, **more):
    return ParamDim(default=0, values=values, **more)


@pytest.fixture
def seed_space():
    """The space of the tutorial: 10 seeds times 3 step sizes."""
    return ParamSpace(
        {
            "seed": ParamDim(default=42, range=[10], order=float("inf")),
            "random_walk": {
                "num_steps": 1023,
                "max_step_size": ParamDim(default=1.0, values=[0.1, 0.3, 1.0], order=float("inf")),
            },
            "abm": {"init": {"energy": 1.0}, "sizes": [1, 2]},
        }
    )


def numbers(space):
    return [point.state_no for point in space.points()]


def test_states_are_numbered_as_users_of_paramspace_know_them(seed_space):
    assert list(seed_space.dims) == ["max_step_size", "seed"]
    assert numbers(seed_space) == [*range(12, 22), *range(23, 33), *range(34, 44)]
    assert seed_space.volume == seed_space.full_volume == 30
    assert seed_space.shape == seed_space.full_shape == (3, 10)
    assert seed_space.states_shape == (4, 11)
    assert seed_space.max_state_no == 43
    assert seed_space.num_dims == 2
    first = next(seed_space.points())
    assert (first.state_str, first.coords) == ("12", {"max_step_size": 0.1, "seed": 0})
    assert first.params == {
        "seed": 0,
        "random_walk": {"num_steps": 1023, "max_step_size": 0.1},
        "abm": {"init": {"energy": 1.0}, "sizes": [1, 2]},
    }
    assert seed_space.default["seed"] == 42
    assert repr(seed_space) == "<ParamSpace, 30 points, (max_step_size: 3, seed: 10)>"


def test_the_iterator_gives_what_is_asked_for(seed_space):
    assert next(seed_space.iterator())["seed"] == 0
    point, text = next(seed_space.iterator(with_info="state_no_str"))
    assert (point["seed"], text) == (0, "12")
    infos = ("state_no", "padded_state_no", "state_vec", "coords")
    told = [12, "12", (1, 1), {"max_step_size": 0.1, "seed": 0}]
    assert list(next(seed_space.iterator(with_info=infos)))[1:] == told
    assert list(next(seed_space.iterator(with_info=infos, omit_pt=True))) == told
    assert next(seed_space.iterator(with_info="state_vector", omit_pt=True)) == (1, 1)
    with pytest.raises(UserError, match="Did you mean 'state_no'"):
        seed_space.iterator(with_info="stat_no")
    with pytest.raises(UserError, match="nothing to give"):
        seed_space.iterator(omit_pt=True)


def test_every_point_is_its_own():
    space = ParamSpace({"a": {"b": [1, {"c": 2}]}, "x": dim([1], [2]), "s": {1}, "n": np.zeros(2)})
    for point in (*space.points(), space.point(1)):
        point.params["a"]["b"][1]["c"] = "changed"
        point.params["x"].append(9)
        point.params["s"].add(2)
        point.params["n"][0] = 1
    for params in (*space.iterator(), space.default | {"x": [1]}):
        assert params["a"] == {"b": [1, {"c": 2}]}
        assert params["x"] in ([1], [2])
        assert params["s"] == {1}
        assert params["n"].sum() == 0


def test_the_space_is_a_copy():
    params = {"a": {"b": 1}, "x": dim(1)}
    space = ParamSpace(params)
    params["a"]["b"] = 2
    space.get("a")["b"] = 3
    assert space.get("a") == {"b": 1}
    assert space.get("x") == dim(1)
    assert space.get("none", 5) == 5


def test_without_dimensions_there_is_one_point():
    space = ParamSpace({"a": 1})
    assert (space.volume, space.shape, space.max_state_no) == (0, (), 0)
    (point,) = space.points()
    assert (point.params, point.state_no, point.state_str, point.coords) == ({"a": 1}, 0, "0", {})
    assert space.state_map.item() == 0


def test_order_and_path_say_which_dimension_varies_fastest():
    space = ParamSpace(
        {"c": dim(1), "b": {"z": dim(1), "a": dim(1)}, "a": dim(1, order=1), "l": [dim(1)]}
    )
    assert list(space.dims) == ["b.a", "z", "c", "l.0", "a"]


def test_names_are_the_shortest_ends_of_paths_that_differ():
    space = ParamSpace(
        {
            "x": {"p": dim(1), "q": dim(1)},
            "y": {"p": dim(1), "z": {"p": dim(1, name="own")}},
            "l": [{"r": dim(1)}, {"r": dim(1)}, dim(1)],
        }
    )
    assert set(space.dims) == {"x.p", "y.p", "q", "own", "l.0.r", "l.1.r", "l.2"}
    assert ("y", "z", "p") in space.dims_by_loc


def test_equal_names_are_refused():
    with pytest.raises(UserError, match="several parameter dimensions are named 'n'"):
        ParamSpace({"a": dim(1, name="n"), "b": dim(1, name="n")})
    with pytest.raises(UserError, match="named 'b'"):
        ParamSpace({"a": dim(1, name="b"), "b": dim(1)})


def test_only_mappings_are_spaces():
    with pytest.raises(UserError, match="a parameter space is a mapping, not a list"):
        ParamSpace([dim(1)])


def test_coupled_dimensions_follow_their_target():
    size = dim(10, 20)
    space = ParamSpace(
        {
            "size": size,
            "a": {"steps": CoupledParamDim(target_name="size", values=[5, 6], default=1)},
            "b": CoupledParamDim(target_pdim=size),
            "c": CoupledParamDim(target_name=["", "size"], default=9),
            "other": dim(1, 2),
        }
    )
    assert list(space.dims) == ["other", "size"]
    assert list(space.coupled_dims) == ["steps", "b", "c"]
    assert space.num_coupled_dims == len(space.coupled_dims_by_loc) == 3
    seen = [(p["size"], p["a"]["steps"], p["b"], p["c"]) for p in space.iterator()]
    assert seen == [(10, 5, 10, 10), (20, 6, 20, 20)] * 2
    default = space.default
    assert (default["a"]["steps"], default["b"], default["c"]) == (1, 0, 9)
    assert space.get_info_dict()["coupled_dims"][0] == {
        "name": "steps",
        "full_path": ["a", "steps"],
        "target_name": "size",
        "values": [5, 6],
    }


@pytest.mark.parametrize(
    ("coupled", "message"),
    [
        ({"target_name": "siez"}, "Did you mean 'size'"),
        ({"target_name": ["p"]}, "fits several"),
        ({"target_name": ["", "p"]}, "there is no parameter dimension"),
        ({"target_name": "size", "values": [1]}, "has 1 values, its target 2"),
        ({"target_pdim": ParamDim(default=5, range=[7])}, "0 times"),
        ({"target_pdim": dim(1)}, "2 times"),
    ],
)
def test_wrong_targets_are_told_with_their_place(coupled, message):
    params = {"size": dim(1, 2), "x": {"p": dim(1)}, "y": {"p": dim(1)}}
    with pytest.raises(UserError, match=message) as caught:
        ParamSpace({**params, "c": {"d": CoupledParamDim(**coupled)}})
    assert caught.value.problems[0].where.path == ("c", "d")


def test_masks_keep_the_numbers(seed_space):
    seed_space.set_mask("seed", slice(2, None))
    assert numbers(seed_space) == [12, 13, 23, 24, 34, 35]
    seed_space.set_masks(("max_step_size", True), {"name": "seed", "mask": [True] + [False] * 9})
    assert numbers(seed_space) == list(range(2, 11))
    assert next(seed_space.points()).params["random_walk"]["max_step_size"] == 1.0
    assert (seed_space.shape, seed_space.full_shape) == ((1, 9), (3, 10))
    assert seed_space.coords["max_step_size"] == (1.0,)
    assert seed_space.pure_coords["max_step_size"] == (1.0, 0.1, 0.3, 1.0)
    seed_space.set_mask(("random_walk", "max_step_size"), [True, False, False], invert=True)
    assert seed_space.coords["max_step_size"] == (0.1,)
    assert seed_space.point(0).params["seed"] == 42


def test_a_wrong_mask_changes_nothing(seed_space):
    with pytest.raises(UserError) as caught:
        seed_space.set_masks(("seed", True), ("sed", True), ("seed", [True]), ("seed",))
    assert len(caught.value.problems) == 3
    assert seed_space.volume == 30


@pytest.mark.parametrize(
    ("selection", "kept"),
    [
        (3, [3]),
        ([7, 3], [3, 7]),
        (np.arange(2), [0, 1]),
        (range(2), [0, 1]),
        (np.int64(4), [4]),
        (slice(2, 4), [2, 3]),
        (slice(8, None), [8, 9]),
        ({"loc": slice(None, 1)}, [0]),
        ({"idx": 1}, [0]),
        ({"idx": [-1, 1]}, [0, 9]),
        ({"idx": slice(2, 4)}, [1, 2]),
    ],
)
def test_subspaces_are_selected_by_value_and_by_state(seed_space, selection, kept):
    seed_space.activate_subspace(seed=selection)
    assert list(seed_space.coords["seed"]) == kept
    assert seed_space.shape == (3, len(kept))


def test_floats_are_selected_if_they_are_close():
    space = ParamSpace({"x": dim(0.1, 0.1 + 0.2, 0.5, 100000, 100001), "y": dim(1, 2)})
    space.activate_subspace(x=0.3)
    assert space.coords["x"] == (0.1 + 0.2,)
    space.activate_subspace(x=slice(0.1, 0.3), y=2)
    assert (space.coords["x"], space.coords["y"]) == ((0.1,), (2,))
    space.activate_subspace(x={"loc": 0.45, "rtol": 0.2}, reset_all_others=False)
    assert (space.coords["x"], space.coords["y"]) == ((0.5,), (2,))
    space.activate_subspace(x=100001)
    assert space.coords["x"] == (100001,)
    space.activate_subspace()
    assert space.volume == space.full_volume


@pytest.mark.parametrize(
    ("selections", "message"),
    [
        ({"seed": 99}, "there is no value 99; there are 0, 1"),
        ({"seed": [1, 1]}, "selected twice"),
        ({"seed": []}, "no value is selected"),
        ({"seed": slice(50, 60)}, "no value is selected"),
        ({"seed": slice(0, 5, 2)}, "no step"),
        ({"seed": slice("a", "b")}, "not supported"),
        ({"seed": {"idx": 0}}, "from 1 to 10"),
        ({"seed": {"idx": slice(0, 2)}}, "counts from 1"),
        ({"seed": {"loc": 1, "idx": 1}}, "one of loc and idx"),
        ({"seed": {"lok": 1}}, "unknown 'lok'"),
        ({"sed": 1}, "Did you mean 'seed'"),
    ],
)
def test_a_wrong_selection_changes_nothing(seed_space, selections, message):
    seed_space.activate_subspace(seed=[1, 2])
    before = numbers(seed_space)
    with pytest.raises(UserError, match=message):
        seed_space.activate_subspace(max_step_size=0.1, **selections)
    assert numbers(seed_space) == before


def test_nothing_selected_means_the_default_if_allowed(seed_space):
    seed_space.activate_subspace(seed=[], allow_default=True)
    assert numbers(seed_space) == [11, 22, 33]


def test_states_are_looked_up(seed_space):
    assert seed_space.get_state_vector(state_no=23) == (2, 1)
    assert seed_space.get_dim_values(state_no=23) == {"max_step_size": 0.3, "seed": 0}
    assert seed_space.get_dim_values(state_vector=(0, 0)) == {"max_step_size": 1.0, "seed": 42}
    assert seed_space.point(np.int64(23)).state_no == 23
    for wrong in (-1, 44, 1.5, "12", None):
        with pytest.raises(UserError, match="from 0 to 43"):
            seed_space.point(wrong)
    for wrong in ((1,), (4, 0), (0, -1)):
        with pytest.raises(UserError, match="there is no state"):
            seed_space.get_dim_values(state_vector=wrong)
    with pytest.raises(UserError, match="one of"):
        seed_space.get_dim_values()


def test_state_maps(seed_space):
    assert seed_space.state_map.dims == ("max_step_size", "seed")
    assert (seed_space.state_map.values == np.arange(44).reshape(4, 11)).all()
    seed_space.activate_subspace(seed=slice(3, 5))
    state_map = seed_space.active_state_map
    assert state_map.sel(max_step_size=0.3).values.tolist() == [26, 27]
    assert state_map.sel(seed=4).values.tolist() == [16, 27, 38]
    with pytest.raises(ValueError, match="read-only"):
        state_map.values[0] = 1


def test_copies_and_comparisons(seed_space):
    other = copy.deepcopy(seed_space)
    list(other.points())
    assert other == seed_space == pickle.loads(pickle.dumps(other))
    other.set_mask("seed", slice(0, 1))
    assert other != seed_space
    assert seed_space.volume == 30
    assert seed_space != 1
    assert other.get_info_dict()["dims"][1]["mask"][:2] == [True, False]


def test_a_notebook_shows_dimensions_and_what_is_constant():
    space = ParamSpace(
        {
            "a": dim(*range(10)),
            "m": {"mu": dim(0.1, 0.2, 0.3, mask=slice(1)), "n": 5},
            "b": CoupledParamDim(target_name="a", default=0, values=list("0123456789")),
            "<i>": "x" * 99,
        }
    )
    html = space._repr_html_()
    text = re.sub("<[^>]+>", "|", html)
    assert "ParamSpace| 20 points = 10 × 2, 10 masked|" in text
    assert "|a||0, 1, 2, …, 9  |10 values, default 0|" in text
    assert "|mu||0.2, 0.3  |2 values, 1 masked, default 0|" in text
    assert "goes with a|" in text
    assert "|m.n||5|" in text
    assert "&lt;i&gt;" in text
    assert "x" * 59 + "…|" in text
    assert text.count("|a|") == 1  # not among what is constant too
    assert "no dimensions" in ParamSpace({"a": 1})._repr_html_()
