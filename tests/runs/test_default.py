"""What a run is given where its script does not say: by files, and by the environment."""

from pathlib import Path

import pytest

from whence.base.error import UserError
from whence.runs import ProcessOptions, Run, record_process
from whence.runs.keeper import keeper_of
from whence.store import tables
from whence.testing.repository import git

WHOLE = """\
[server]
url = "https://simvue.example.org/api"
token = "hush"

[run]
name = "melt"
description = "argon, heated"
tags = ["argon", "heated"]
folder = "/melt/argon"
record_shell_vars = ["SOLVER_*"]

[run.metadata]
git = false
element = "Ar"

[run.metadata.custom]
mass = 39.9

[metrics]
system_metrics_interval = 7
"""


@pytest.fixture(autouse=True)
def _no_home(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


@pytest.fixture
def repository(project):
    git(project, "init", "-q")
    git(project, "commit", "-q", "--allow-empty", "-m", "first")
    return project


def _record(store, **given):
    """What the store has of a run, when all is told."""
    with Run(store) as run:
        run.init(**given)
    keeper_of(store).settle(60)
    return store.index().state(run.id)


def _told(state, *names):
    return tuple(state.get(name) for name in names)


def test_files_say_what_the_script_does_not(store, project, monkeypatch):
    monkeypatch.setenv("SOLVER_TOL", "1e-3")
    (project / "simvue.toml").write_text(WHOLE)
    state = _record(store)
    assert _told(state, "name", "folder", "description") == ("melt", "/melt/argon", "argon, heated")
    assert set(state["tags"]) == {"argon", "heated"}
    assert state["meta"] == {"element": "Ar", "mass": 39.9}
    assert state["variables"]["SOLVER_TOL"] == "1e-3"


def test_the_script_comes_before_files_and_adds_to_their_lists(store, project):
    (project / "simvue.toml").write_text(WHOLE)
    given = {"name": "freeze", "folder": "/", "tags": "cooled", "metadata": {"mass": 40.0, "n": 3}}
    state = _record(store, **given)
    assert _told(state, "name", "folder") == ("freeze", "/")
    assert set(state["tags"]) == {"argon", "heated", "cooled"}
    assert state["meta"] == {"element": "Ar", "mass": 40.0, "n": 3}


def test_the_nearest_of_each_name_counts_and_the_own_one_comes_first(store, project, monkeypatch):
    home = Path.home()
    (home / ".simvue.toml").write_text('[run]\nname = "home"\ndescription = "home"\n')
    (home / ".config" / "whence").mkdir(parents=True)
    (home / ".config" / "whence" / "config.toml").write_text('[run]\nname = "c"\ntags = ["mine"]\n')
    (project / "pyproject.toml").write_text('[tool.simvue.run]\nname = "p"\nfolder = "/p"\n')
    inner = project / "a" / "b"
    inner.mkdir(parents=True)

    monkeypatch.chdir(inner)
    state = _record(store)
    assert _told(state, "name", "description", "folder") == ("home", "home", "/p")
    assert state["tags"] == ["mine"]

    monkeypatch.chdir(project / "a")
    (project / ".simvue.toml").write_text('[run]\nname = "project"\n')
    assert _told(_record(store), "name", "description") == ("project", None)

    monkeypatch.chdir(project)
    (project / "whence.toml").write_text('[run]\nname = "own"\n')
    assert _told(_record(store), "name", "folder") == ("own", "/p")


def test_a_file_may_turn_recording_off_and_the_script_on_again(store, project):
    (project / "simvue.toml").write_text('[run]\nmode = "disabled"\n')
    with Run(store) as run:
        run.init("melt").log_metrics({"x": 1.0})
    assert run.id == ""
    with Run(store, mode="online") as run:
        run.init("melt")
    with Run(mode="disabled") as run:
        run.init("melt")
    assert len(store.index().ids()) == 1


def test_a_mode_may_come_first(store, project):
    assert Run("disabled").init("melt").id == ""
    assert Run("offline", mode="disabled").init("melt").id == ""
    with pytest.raises(UserError, match="no store in 'disabled"), Run("disabled", mode="online"):
        pass
    with Run("offline") as run:
        run.init("melt")
    assert store.index().ids() == [run.id]


def test_what_others_start_is_not_of_the_files_but_looks_at_what_it_uses_as_they_say(
    store, project
):
    looks = []
    for interval in (60, 0.05):
        (project / "simvue.toml").write_text(
            '[run]\nmode = "disabled"\nname = "melt"\ntags = ["x"]\n'
            f"[metrics]\nsystem_metrics_interval = {interval}\n"
        )
        told = record_process(store, ["sleep", "1"], ProcessOptions())
        state = store.index().state(told.run)
        assert _told(state, "name", "tags") == ("sleep", [])
        looks.append(sum(len(table.step) for table in tables(store, told.run)))
    assert looks[1] > looks[0] + 2


def test_what_is_not_to_be_looked_at_is_not(store, repository, monkeypatch):
    (repository / "uv.lock").write_text("lock")
    (repository / "simvue.toml").write_text(
        "[run.metadata]\nenvironment = false\nsystem = false\ngit = false\n"
    )
    state = _record(store)
    assert not {"environment", "system", "gpus", "remote"} & set(state)
    assert not state["artifacts"]
    assert state["code"]["commit"] is None
    assert state["host"]

    for name in ("SYSTEM", "ENVIRONMENT", "GIT"):
        monkeypatch.setenv(f"SIMVUE_DISABLE_{name}_METRICS", "0")
    state = _record(store)
    assert {"environment", "system"} <= set(state)
    assert {"uv.lock", "git.untracked"} <= {one["name"] for one in state["artifacts"]}
    assert state["code"]["commit"]

    monkeypatch.setenv("SIMVUE_DISABLE_GIT_METRICS", "True")
    assert _record(store)["code"]["commit"] is None


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("simvue.toml", "[run\n", "simvue.toml: Expected"),
        ("simvue.toml", "run = 3\n", "simvue.toml:1:1: 'run' must be a table"),
        ("simvue.toml", "[run]\nmetadata = 3\n", "simvue.toml:2:1: 'metadata' must be a table"),
        ("simvue.toml", "metrics = 'a'\n", "simvue.toml:1:1: 'metrics' must be a table"),
        (
            "pyproject.toml",
            "[tool.simvue]\nserver = 3\nprofiles = 3\nrun = 3\n",
            "pyproject.toml:4:1: 'run' must be a table",
        ),
        ("simvue.toml", "[runs]\nname = 'a'\n", "simvue.toml:1:2: unknown 'runs'"),
        ("whence.toml", "[metric]\n", "whence.toml:1:2: unknown 'metric'"),
        (
            "simvue.toml",
            "[run.metadata]\ngit = 'no'\n",
            "simvue.toml:2:1: 'git' must be true or false",
        ),
        ("simvue.toml", "[run]\nnames = 'a'\n", "simvue.toml:2:1: unknown key 'names'"),
        ("simvue.toml", "[run]\ntags = 'a'\n", "simvue.toml:2:1: 'tags' must be a list of texts"),
        ("simvue.toml", "[run]\nfolder = 'a'\n", "simvue.toml:2:1: 'a' cannot be a folder"),
        ("simvue.toml", "[run]\n\nmode = 'of'\n", "simvue.toml:3:1: there is no mode 'of'"),
        ("simvue.toml", "[run]\nrecord_shell_vars = ['A_KEY']\n", "simvue.toml:2:1: the variable"),
        ("simvue.toml", "[run.metadata]\n'' = 1\n", "simvue.toml:1:6: '' cannot name a metadata"),
        (
            "simvue.toml",
            "[metrics]\nsystem_metrics_interval = 0\n",
            "simvue.toml:2:1: resources cannot be looked at every 0.0 seconds",
        ),
        ("whence.toml", "[metrics]\ninterval = 3\n", "whence.toml:2:1: unknown key 'interval'"),
        (
            "pyproject.toml",
            "[tool.simvue.server]\n# url\ntoken = 'hush'\n",
            "pyproject.toml:3:1: a token in a file that is shared",
        ),
        (
            "pyproject.toml",
            "[tool.simvue.run]\nfolder = 3\n",
            "pyproject.toml:2:1: 'folder' must be text",
        ),
    ],
)
def test_what_means_nothing_is_told_with_its_place(store, project, name, content, told):
    (project / name).write_text(content)
    with pytest.raises(UserError) as error:
        Run(store)
    assert str(error.value).count(told) == 1
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("content", [b"\xff [tool.other\n", b"tool = {simvue = 3} # tool.simvue\n"])
def test_files_that_are_for_other_tools_hinder_nothing(store, project, content):
    (project / "pyproject.toml").write_bytes(content)
    assert _record(store)["status"] == "completed"


def test_emissions_that_lack_a_rate_are_told_of_and_hinder_nothing(store, project, caplog):
    (project / "simvue.toml").write_text("[metrics]\nenable_emission_metrics = true\n")
    with caplog.at_level("WARNING", logger="whence"):
        assert _record(store)["status"] == "completed"
    assert "simvue.toml:2:1: no emissions: " in caplog.text
    assert "WHENCE_CO2_INTENSITY" in caplog.text
