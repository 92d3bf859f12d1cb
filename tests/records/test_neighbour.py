import pytest

from whence.base.error import UserError
from whence.records import Records, UnknownRun
from whence.records.deletion import resolve_deleted
from whence.store import Store

MELTING = "20261121T021757meltin0"
GONE = "20261121T021757gone000"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Three runs with names of their own, one of them deleted, below 400 points of a sweep."""
    store = Store.create(tmp_path_factory.mktemp("named"))
    writer = store.writer()
    names = {MELTING: "melting of copper", GONE: "quenched", "20261121T021757label00": "x"}
    names |= {f"20261122T0217{n:03d}grid000": f"grid/sim_{n}" for n in range(400)}
    for created, (run, name) in enumerate(names.items()):
        writer.append("set", run, {"f": {"name": name, "status": "completed", "created": created}})
    writer.append("set", "20261121T021757label00", {"f": {"label": "20200912_c2c6ab"}})
    writer.append("delete", GONE, {})
    yield store
    writer.close()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("meltnig of copper", "Did you mean 'melting of copper'?"),
        ("MELTING OF COPPER", "Did you mean 'melting of copper'?"),
        ("mleting of copper", "Did you mean 'melting of copper'?"),
        ("grid/sim-17", "Did you mean 'grid/sim_17'"),
        ("simm_23", "'sim_23'"),
        ("20261121T021757meltinO", f"Did you mean '{MELTING}'?"),
        ("20200912-c2c6ab", "Did you mean '20200912_c2c6ab'?"),
    ],
)
def test_what_is_mistyped_is_offered_as_it_is_spelled(store, typed, offered):
    with pytest.raises(UnknownRun, match="no run fits") as refused:
        Records(store).resolve(typed)
    assert offered in refused.value.problems[0].mend


def test_what_is_offered_can_be_asked_for(store):
    records = Records(store)
    with pytest.raises(UnknownRun) as refused:
        records.resolve("simm_23")
    assert records.resolve(refused.value.problems[0].mend.split("'")[1]).name.startswith("grid/")


@pytest.mark.parametrize("typed", ["nothing like it", "quenchd", "%", "2", "ü"])
def test_nothing_is_offered_that_is_not_near_or_that_was_deleted(store, typed):
    with pytest.raises(UnknownRun) as refused:
        Records(store).resolve(typed * 2)
    assert "Did you mean" not in refused.value.problems[0].mend


def test_a_deleted_run_is_told_as_such(store):
    with pytest.raises(UnknownRun, match=r"was deleted; `whence delete --undo quenched`"):
        Records(store).resolve("quenched")


def test_of_deleted_runs_only_those_are_offered(store):
    connection = Records(store).connection
    with pytest.raises(UserError) as refused:
        resolve_deleted(connection, "quenchd")
    assert "Did you mean 'quenched'?" in refused.value.problems[0].mend
    with pytest.raises(UserError) as refused:
        resolve_deleted(connection, "melting of coper")
    assert "Did you mean" not in refused.value.problems[0].mend
