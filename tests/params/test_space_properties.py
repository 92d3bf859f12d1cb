"""Laws of parameter spaces."""

from hypothesis import given, settings
from hypothesis import strategies as st

from whence.base import yaml
from whence.params import yaml_tags
from whence.testing.space import param_spaces


@settings(deadline=None)
@given(param_spaces())
def test_spaces_come_back_from_yaml(space):
    back = yaml.parse(yaml.dump({"space": space}), tags=yaml_tags()).value["space"]
    assert back == space
    assert list(back.points()) == list(space.points())


@settings(deadline=None)
@given(param_spaces())
def test_points_come_in_the_order_of_their_numbers(space):
    numbers = [point.state_no for point in space.points()]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == (space.volume or 1)
    assert all(0 <= number <= space.max_state_no for number in numbers)


@settings(deadline=None)
@given(param_spaces())
def test_a_number_leads_to_its_point(space):
    for point in space.points():
        assert space.point(point.state_no) == point
        assert space.get_dim_values(state_no=point.state_no) == point.coords


@settings(deadline=None)
@given(param_spaces())
def test_numbers_and_state_vectors_are_one_to_one(space):
    vectors = {space.get_state_vector(state_no=n) for n in range(space.max_state_no + 1)}
    assert len(vectors) == space.max_state_no + 1
    assert sorted(vectors) == [space.get_state_vector(state_no=n) for n in range(len(vectors))]


@settings(deadline=None)
@given(param_spaces(), st.data())
def test_masks_only_leave_out(space, data):
    space.activate_subspace()
    before = {point.state_no: point for point in space.points()}
    for name, dim in space.dims.items():
        size = len(dim.values)
        mask = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
        if not all(mask):
            space.set_mask(name, mask)
    after = {point.state_no: point for point in space.points()}
    assert after.items() <= before.items()
    space.activate_subspace()
    assert {point.state_no: point for point in space.points()} == before


@settings(deadline=None)
@given(param_spaces())
def test_the_iterator_and_the_points_agree(space):
    infos = ("state_no", "state_no_str", "coords")
    told = [
        (point.params, point.state_no, point.state_str, point.coords) for point in space.points()
    ]
    assert list(space.iterator(with_info=infos)) == told


@settings(deadline=None)
@given(param_spaces())
def test_the_active_map_holds_the_numbers_of_the_points(space):
    numbers = [point.state_no for point in space.points()]
    assert space.active_state_map.values.ravel().tolist() == numbers
    assert space.active_state_map.shape == space.shape
