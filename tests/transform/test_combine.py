import shutil

import h5py
import numpy as np
import pytest

from whence.base.error import UserError
from whence.transform import DiskCache

PLAIN = """
select_and_combine: {fields: {walk: data/walk}}
transform: [{.mean: [!dag_tag walk, seed], tag: data}]
"""
STEPS = """
select_and_combine:
  fields:
    walk:
      path: data/walk
      transform:
        - c.mul: [!dag_prev , 2]
        - xr.DataArray: !dag_prev
          kwargs: {dims: [time]}
transform:
  - .mean: [!dag_tag walk, seed]
    tag: data
"""


@pytest.fixture
def cache(tmp_path):
    cache = DiskCache(tmp_path / "cache")
    yield cache
    cache.close()


def edit(sweep, state, name="walk", shift=1000.0):
    with h5py.File(sweep / f"sim_{state}" / "data.h5", "r+") as file:
        file[name][...] = file[name][...] + np.asarray(shift, file[name].dtype)


def test_a_field_is_one_array_over_space_and_data(load, build):
    walk = build(PLAIN, base=load()).evaluate()["walk"]
    assert walk.dims == ("seed", "step", "dim_0")
    assert walk.name == "walk"
    assert walk.seed.values.tolist() == [0, 1, 2]
    assert walk.step.values.tolist() == [0.1, 1.0]
    assert np.allclose(walk.sel(seed=2, step=0.1), 2 + 0.1 * np.arange(4))


def test_the_dtype_is_kept(load, build):
    text = "select_and_combine: {fields: {n: data/count, m: {path: data/count, transform: [pass]}}}"
    results = build(text, base=load()).evaluate()
    assert results["n"].dtype == results["m"].dtype == np.uint16
    assert results["n"].identical(results["m"])


def test_with_steps_every_universe_is_transformed(load, build, calls):
    results = build(STEPS, base=load()).evaluate()
    assert calls.taken() == {"mul": 6}
    assert results["walk"].dims == ("seed", "step", "time")
    assert np.allclose(results["walk"].sel(seed=2, step=1.0), 2 * (2 + np.arange(4)))


@pytest.mark.parametrize("text", [PLAIN, STEPS])
def test_again_nothing_is_computed_or_read(load, build, cache, calls, heard, text):
    first = build(text, base=load()).evaluate(["data"], cache=cache, recorder=heard)
    read, heard.read_files = heard.read_files, {}
    calls.clear()
    simulations = load()
    second = build(text, base=simulations).evaluate(["data"], cache=cache, recorder=heard)
    assert second["data"].identical(first["data"])
    assert [line.status for line in second.report] == ["cached"]
    assert calls.taken() == {}
    assert not simulations["00/data/walk" if "00" in simulations else "04/data/walk"].is_read
    assert heard.read_files == read
    assert sorted(path.name for path in read) == ["data.h5"] * 6


@pytest.mark.parametrize("text", [PLAIN, STEPS])
def test_an_edited_file_computes_what_depends_on_it(load, build, cache, calls, sweep, text):
    before = build(text, base=load()).evaluate(cache=cache)
    calls.clear()
    edit(sweep, "04")
    simulations = load()
    coords = simulations["04"].coords
    after = build(text, base=simulations).evaluate(cache=cache)
    assert calls.taken() == ({} if text is PLAIN else {"mul": 1})
    changed = (after["walk"] != before["walk"]).any(after["walk"].dims[-1])
    assert int(changed.sum()) == 1
    assert bool(changed.sel(coords))
    assert not after["data"].equals(before["data"])


def test_a_file_edited_where_nothing_was_selected_still_counts(load, build, cache, sweep):
    build(PLAIN, base=load()).evaluate(cache=cache)
    edit(sweep, "04", "count", 1)
    report = build(PLAIN, base=load()).evaluate(cache=cache).report
    assert {line.status for line in report} == {"computed"}  # identity is that of the file


def test_a_subspace_by_label(load, build, heard):
    text = PLAIN.replace("}}", "}, subspace: {step: [1.], seed: [0, 2]}}")
    walk = build(text, base=load()).evaluate(recorder=heard)["walk"]
    assert walk.sizes == {"seed": 2, "step": 1, "dim_0": 4}
    assert len(heard.read_files) == 2


def test_a_base_path_and_steps_after(load, build):
    text = """
    select_and_combine:
      base_path: data
      transform_after_combine: [{.isel: !dag_prev , kwargs: {step: 0}}]
      fields:
        walk: walk
        n: {path: count, transform_after_combine: [.sum]}
    """
    results = build(text, base=load()).evaluate()
    assert results["walk"].dims == ("seed", "dim_0")
    assert int(results["n"]) == 2 * (9 + 9)


@pytest.mark.parametrize("text", [PLAIN, STEPS])
@pytest.mark.parametrize("gone", ["sim", "dataset"])
def test_missing_universes_are_filled_only_where_allowed(load, build, calls, sweep, text, gone):
    if gone == "sim":
        shutil.rmtree(sweep / "sim_04")
    else:
        with h5py.File(sweep / "sim_04" / "data.h5", "r+") as file:
            del file["walk"]
    with pytest.raises(UserError) as caught:
        build(text, base=load())
    assert "plots.yml:" in str(caught.value)
    text = text.replace("fields:", "allow_missing_or_failing: true\n  fields:", 1)
    if "{allow" in text:
        text = text.replace("true\n  fields", "true, fields")
    walk = build(text, base=load()).evaluate()["walk"]
    assert int(walk.isnull().any(walk.dims[-1]).sum()) == 1


def test_failing_universes_are_filled_only_where_allowed(load, build, calls, cache):
    text = """
    select_and_combine:
      fields:
        n:
          path: params/seed
          transform: [{c.check: [!dag_prev ]}]
          allow_missing_or_failing: ALLOW
    """
    from whence.testing.operation import Counting
    from whence.transform import register_operation

    def check(seed):
        calls["check"] += 1
        if seed == 1:
            raise ValueError("unlucky")
        return seed

    register_operation(Counting(check), "c.check", overwrite_existing=True)
    with pytest.raises(UserError, match="ValueError: unlucky"):
        build(text.replace("ALLOW", "false"), base=load()).evaluate()
    calls.clear()
    results = build(text.replace("ALLOW", "silent"), base=load()).evaluate(cache=cache)
    assert results["n"].mean("step").values.tolist()[::2] == [0.0, 2.0]
    assert int(results["n"].isnull().sum()) == 2
    assert calls.taken() == {"check": 6}
    assert "used_fallback" in {line.status for line in results.report}


@pytest.mark.parametrize(
    ("edit", "code", "says"),
    [
        (("data/walk", "data/wlak"), "no-such-item", "walk"),
        (("path:", "paht:"), "unknown-key", "Did you mean 'path'"),
        (("xr.DataArray", "xr.DatArray"), "unknown-operation", "'xr.DataArray'"),
        (("fields:", "subspace: {step: [3]}\n  fields:"), "bad-selection", "there is no value 3"),
        (("fields:", "subspace: {stp: [1]}\n  fields:"), "unknown", "stp"),
        (("fields:", "subspace: [1]\n  fields:"), "bad-value", "mapping"),
        (
            ("fields:", "combination_method: {operation: x}\n  fields:"),
            "not-accepted-yet",
            "concat",
        ),
        (("fields:", "feilds:"), "bad-value", "needs 'fields'"),
        (("fields:", "allow_missing_or_failing: 3\n  fields:"), "bad-value", "silent"),
        (("kwargs: {dims: [time]}", "tag: inner"), "tag-in-universe", "'transform'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(load, build, calls, edit, code, says):
    with pytest.raises(UserError) as caught:
        build(STEPS.replace(*edit, 1), base=load())
    problem = caught.value.problems[0]
    assert code in problem.code
    assert says in f"{problem.message} {problem.mend}"
    assert str(problem.where).startswith("plots.yml:")
    assert "select_and_combine" in problem.where.path


def test_a_single_universe_is_selected_by_path(load, build, heard):
    text = """
    select:
      data:
        path: walk
        transform: [{xr.DataArray: !dag_prev , kwargs: {dims: [time]}}]
      low: {path: walk, transform: [.max, {neg: !dag_prev , tag: lowest}], omit_tag: true}
    transform:
      - recursive_getitem: [!dag_tag uni, [params, seed]]
      - mul: [!dag_tag data, !dag_prev ]
        tag: scaled
    """
    simulation = load()["05"]
    graph = build(text, base=simulation, prefix="data", trees={"uni": simulation})
    results = graph.evaluate(recorder=heard)
    assert results["data"].dims == ("time",)
    assert set(results) == {"data", "lowest", "scaled"}
    assert sorted(path.name for path in heard.read_files) == ["data.h5", "params.yml"]
    assert [path.name for path, _ in graph.files(["lowest"])] == ["data.h5"]


def test_a_selection_may_reach_into_a_container(load, build):
    graph = build("select: {seed: params/seed, step: [params, walk, step]}", base=load()["05"])
    assert dict(graph.evaluate()) == {"seed": 0, "step": 1.0}


def test_selections_may_lack_data_where_allowed(load, build):
    text = """
    select:
      a: {path: data/none, allow_failure: silent, fallback: 3}
      b:
        path: data/none
        allow_failure: silent
        fallback: !dag_tag a
        transform: [{add: [!dag_prev , 1]}]
    """
    assert dict(build(text, base=load()["05"]).evaluate()) == {"a": 3, "b": 4}


def test_selections_that_lead_nowhere_are_all_told(load, build):
    with pytest.raises(UserError) as caught:
        build("select:\n  a: data/none\n  b: {path: none}\n", base=load()["05"])
    places = [str(problem.where) for problem in caught.value.problems]
    assert places == ["plots.yml:2:6", "plots.yml:3:13"]


def test_nodes_of_the_tree_have_tags(load, build):
    simulations = load()
    graph = build(
        "transform: [{len: !dag_tag dm, tag: n}, {len: !dag_tag select_base, tag: m}]",
        base=simulations["05"],
        trees={"dm": simulations},
    )
    assert dict(graph.evaluate()) == {"n": 6, "m": 2}
