"""The demo from end to end, by the commands that the documents show."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from whence.testing.command import CommandLine
from whence.testing.wait import until


def figure(demo, name="mean_random_walk.png"):
    return min(Path(demo.cwd).glob(f"runs/my_simulation/eval/*/{name}"))


def test_the_files_are_there(demo):
    runs = Path(demo.cwd) / "runs/my_simulation"
    states = sorted(int(path.name[4:]) for path in runs.glob("sim_*"))
    assert states == [*range(12, 22), *range(23, 33), *range(34, 44)]
    for path in runs.glob("sim_*"):
        assert sorted(item.name for item in path.iterdir()) == ["data.h5", "params.yml", "sim.log"]
    out = figure(demo).parent
    assert {path.name for path in out.glob("*.p*")} == {
        "abm_mean_energy.pdf", "abm_mean_energy.png", "mean_random_walk.pdf", "mean_random_walk.png"
    }  # fmt: skip
    assert len(list(out.glob("random_walk/*.pdf"))) == 30
    assert (out / "random_walk/12__max_step_size_0.1__seed_0.pdf").is_file()


def test_trace_names_runs_parameters_and_code(demo, tmp_path):
    told = demo.json("trace", figure(demo))
    assert len(set(told["runs"])) == 30
    assert told["varied"] == {
        "random_walk.max_step_size": [0.1, 0.3, 1.0],
        "seed": list(range(10)),
    }
    assert told["constant"]["abm.num_agents"] == 42
    assert told["code"]["digest"]
    assert told["plot"]["name"] == "mean_random_walk"
    assert told["command"] == "whence plot"
    assert told["changed"] == []
    listed = {run["id"]: run for run in demo.json("list", "--folder", "/my_simulation")}
    assert all(listed[run]["status"] == "completed" for run in told["runs"])
    assert listed[told["evaluation"]]["kind"] == "evaluation"

    elsewhere = tmp_path / "renamed.png"
    shutil.copy(figure(demo), elsewhere)
    again = demo.json("trace", elsewhere, "--store", demo.cwd, cwd=tmp_path)
    assert {**again, "file": ""} == {**told, "file": ""}


def test_trace_of_the_pdf_and_of_one_universe(demo):
    assert len(demo.json("trace", figure(demo, "mean_random_walk.pdf"))["runs"]) == 30
    one = demo.json("trace", figure(demo, "random_walk/13__max_step_size_0.1__seed_1.pdf"))
    assert len(one["runs"]) == 1
    assert one["constant"]["seed"] == 1
    some = demo.json("trace", figure(demo, "abm_mean_energy.png"))
    assert some["constant"]["random_walk.max_step_size"] == 1.0
    assert len(some["runs"]) == 10


def test_trace_of_data_and_code(demo):
    data = demo.json("trace", "runs/my_simulation/sim_20/data.h5")
    assert len(data["runs"]) == 1
    assert data["constant"]["seed"] == 8
    assert len(demo.json("trace", "simulate.py")["runs"]) == 30


def test_trace_of_a_configuration_that_lies_beside_figures(demo):
    for name in ("mean_random_walk_cfg.yml", "random_walk/sweep_cfg.yml"):
        told = demo.json("trace", figure(demo, name))
        assert (told["found_by"], told["category"]) == ("digest", "output")
        assert (told["command"], told["evaluation"] is None) == ("whence plot", False)
    assert "an output of what is on record" in demo("trace", figure(demo, name)).stdout


def test_a_figure_whose_bytes_changed_is_found_by_its_recipe(demo, tmp_path):
    from PIL import Image, PngImagePlugin

    with Image.open(figure(demo)) as image:
        info = PngImagePlugin.PngInfo()
        for key, text in image.text.items():
            info.add_text(key, text)
        image.convert("L").save(tmp_path / "grey.png", pnginfo=info)
    told = demo.json("trace", tmp_path / "grey.png")
    assert told["found_by"] == "recipe"
    assert len(told["runs"]) == 30
    stray = demo.json("trace", tmp_path / "grey.png", cwd=tmp_path)
    assert stray["found_by"] == "summary"
    assert stray["plot"]["name"] == "mean_random_walk"


def test_a_figure_whose_list_of_inputs_has_not_arrived_says_so(demo, tmp_path):
    one = figure(demo, "random_walk/12__max_step_size_0.1__seed_0.pdf")
    whole = demo.json("trace", one)
    assert (len(whole["runs"]), whole["incomplete"]) == (1, False)
    demo("export", "-o", tmp_path / "all.jsonl")
    other = CommandLine(tmp_path, tmp_path / "cache")
    other("init")
    other("import", "all.jsonl")
    copy = shutil.copy(one, tmp_path / "figure.pdf")
    told = other.json("trace", copy)
    assert (len(told["runs"]), told["incomplete"], told["found_by"]) == (30, True, "digest")
    assert set(whole["runs"]) < set(told["runs"])
    assert "has not arrived here" in other("trace", copy).stdout
    assert "has not arrived here" not in demo("trace", one).stdout


def test_trace_says_plainly_what_it_does_not_know(demo, tmp_path):
    (tmp_path / "stranger.txt").write_text("nobody knows me")
    done = demo("trace", tmp_path / "stranger.txt", check=False)
    assert done.returncode == 1
    assert "not known here" in done.stdout
    missing = demo("trace", tmp_path / "nowhere.png", check=False)
    assert missing.returncode == 2
    assert "does not exist" in missing.stderr


def test_the_tree_has_the_classes_and_layout_of_dantro(demo):
    lines = demo("tree").stdout.splitlines()
    assert lines[:4] == [
        "Tree of DataManager 'my_simulation', 1 member, 0 attributes",
        " └─ simulations                 <ParamSpaceGroup, 30 members, 1 attribute>",
        "    └┬ 12                       <ParamSpaceStateGroup, 3 members, 0 attributes>",
        "       └┬ params                <MutableMappingContainer, 1 attribute>",
    ]
    assert "     ├ ...                      ... (21 more) ..." in lines


def test_the_tree_as_json_has_the_same_members(demo):
    told = demo.json("tree")
    (simulations,) = told["members"]
    assert [member["name"] for member in simulations["members"]][:2] == ["12", "13"]
    data = simulations["members"][0]["members"][1]
    assert data["class"] == "OrderedDataGroup"


def test_plotting_where_nothing_is_makes_no_store(whence):
    done = whence("plot", check=False)
    assert done.returncode == 2
    assert "which plots?" in done.stderr
    assert not (whence.cwd / ".whence").exists()


def test_every_run_has_what_the_record_promises(demo):
    run = demo.json("show", "sim_12")
    for member in ("id", "name", "parameters", "started", "ended", "duration", "host", "user"):
        assert run[member] is not None, member
    assert run["status"] == "completed"
    assert run["code"]["digest"]
    assert run["environment"]
    assert "agents lived to the end" in run["output"]
    held = {(item["category"], item["name"]) for item in run["artifacts"]}
    assert held == {
        ("code", "simulate.py"),
        ("input", "space.yml"),
        ("output", "data.h5"),
        ("output", "params.yml"),
        ("output", "sim.log"),
    }


def test_deleting_the_index_changes_nothing_that_is_printed(demo):
    commands = [
        ("list", "--json"),
        ("show", "sim_12", "--json"),
        ("trace", figure(demo), "--json"),
        ("trace", figure(demo)),
    ]
    before = [demo(*command).stdout for command in commands]
    for database in Path(demo.cache).rglob("index*.sqlite*"):
        database.unlink()
    assert [demo(*command).stdout for command in commands] == before


@pytest.mark.slow
def test_drawing_again_draws_nothing_and_an_edit_draws_what_depends_on_it(whence):
    whence("demo", "d")
    here = CommandLine(whence.cwd / "d", whence.cache)
    again = here.json("plot")
    assert {one["status"] for one in again["figures"]} == {"cached"}
    first = figure(here).read_bytes()
    assert {path.read_bytes() for path in here.cwd.glob("runs/*/eval/*/mean*.png")} == {first}

    data = here.cwd / "runs/my_simulation/sim_13/data.h5"
    with data.open("r+b") as file:  # one bit of a number of the random walk
        file.seek(data.stat().st_size - 8)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    edited = here.json("plot")
    drawn = {Path(one["path"]).name for one in edited["figures"] if one["status"] == "drawn"}
    assert drawn == {
        "13__max_step_size_0.1__seed_1.pdf", "mean_random_walk.pdf", "mean_random_walk.png"
    }  # fmt: skip
    assert [change["path"] for change in edited["changed"]] == ["runs/my_simulation/sim_13/data.h5"]
    old = here.json("trace", figure(here))
    assert [change["when"] for change in old["changed"]] == ["now"]
    new = here.json("trace", Path(edited["folder"]) / "mean_random_walk.png")
    assert [change["when"] for change in new["changed"]] == ["read"]
    assert "changed since recorded" in here("trace", figure(here)).stdout


@pytest.mark.parametrize("delay", [0.5, pytest.param(0.9, marks=pytest.mark.slow)])
def test_killed_in_the_middle_the_same_command_goes_on(whence, monkeypatch, delay):
    process = subprocess.Popen(
        whence.words("demo", "d"),
        cwd=whence.cwd,
        env=whence.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    runs = whence.cwd / "d/runs/my_simulation"
    end = time.monotonic() + 120
    while len(list(runs.glob("sim_*"))) < 30 * (delay - 0.3) and time.monotonic() < end:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    here = CommandLine(whence.cwd / "d", whence.cache)
    until(lambda: all(run["status"] != "running" for run in here.json("list")))
    before = here.json("list")
    assert {run["status"] for run in before} <= {"completed", "lost", "created"}
    assert any(run["status"] == "lost" for run in before)
    monkeypatch.setenv("SHELL", "/bin/zsh")
    assert "alias whence='command whence'\n  cd d\n" in whence("demo", "d").stdout
    after = here.json("list", "--folder", "/my_simulation")
    points = [run for run in after if run["kind"] == "run"]
    assert sum(run["status"] == "completed" for run in points) == 30
    lost = {run["id"] for run in before if run["status"] == "lost"}
    assert lost <= {run["id"] for run in after if run["status"] == "lost"}
    assert here.json("verify")["sound"]


@pytest.mark.slow
def test_points_are_run_again_after_an_edit_of_the_code_and_why_is_told(whence):
    whence("demo", "d")
    here = CommandLine(whence.cwd / "d", whence.cache)
    sweep = ("sweep", "space.yml", "--name", "my_simulation", "--", "simulate.py:simulate")
    same = here(*sweep).stdout
    assert "0 run, 30 done before" in same
    source = here.cwd / "simulate.py"
    source.write_text(source.read_text() + "\n# an afterthought\n")
    edited = here(*sweep).stdout
    assert "30 run" in edited
    assert "simulate.py changed" in edited
    earlier = list(here.cwd.glob("runs/my_simulation/earlier/*/data.h5"))
    assert len(earlier) == 30
