"""`whence run`, `whence sweep --point` and `whence repeat` as a user has them."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from whence.base.error import UserError
from whence.sweep.signature import check_call, signature_in
from whence.testing.command import CommandLine
from whence.testing.repository import git
from whence.testing.wait import until

PYTHON = sys.executable


def answer(whence, command, *words, check=True):
    """What a command answers whose words end in those of another one."""
    return json.loads(whence(command, "--json", *words, check=check).stdout)


@pytest.fixture
def project(whence):
    whence("init")
    return whence


def test_outputs_that_are_not_of_the_run_are_told_of(project):
    (project.cwd / "old.csv").write_text("1\n")
    done = project("run", "--output", "*.csv", "--output", "no/*", "--", "true")
    assert "1 file matches '*.csv' but was not written by this run" in done.stderr
    assert "no output matches 'no/*'" in done.stderr


def test_lines_that_could_not_be_read_are_told_of_at_the_end(project):
    line = 'whence: {"metric": {"res": 1.0, "bad": "x"}}'
    done = project("run", "--quiet", "--", "echo", line)
    assert "could not be read: the metric 'bad' is 'x', no number" in done.stderr
    (run,) = project.json("list")
    assert project.json("show", run["id"])["metrics"]["res"]["last"] == 1.0


def test_a_folder_that_cannot_be_made_is_told_and_nothing_runs(project):
    (project.cwd / "file").write_text("")
    done = project("run", "--out", "file/o", "--", "touch", "ran", check=False)
    assert done.returncode == 2
    assert "cannot make the folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.cwd / "ran").exists()
    assert project.json("list") == []


def test_ctrl_c_is_on_record_in_words_and_without_our_frames(project):
    with subprocess.Popen(
        project.words("run", "--", "sh", "-c", "echo begun; exec sleep 600"),
        cwd=project.cwd, env=project.environment, stdout=-1, stderr=-1, text=True,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    (run,) = project.json("list")
    told = project.json("show", run["id"])
    assert told["status"] == "terminated"
    error = {"type": "KeyboardInterrupt", "message": "ended by Ctrl-C", "traceback": None}
    assert told["error"] == error


def test_the_traceback_of_a_point_begins_where_its_code_does(project):
    (project.cwd / "space.yml").write_text(SPACE.replace("[3]", "[1]"))
    (project.cwd / "sim.py").write_text("def simulate(out, seed):\n    return 1 / 0\n")
    one = answer(project, "sweep", "space.yml", "--", "sim.py:simulate", check=False)
    trace = project.json("show", next(iter(one["runs"].values())))["error"]
    head, first, *_ = trace["traceback"].splitlines()
    assert head == "Traceback (most recent call last):"
    assert first.endswith('sim.py", line 2, in simulate')


RECORDING = """\
import beside, whence
run = whence.Run()
run.init("outside")
run.update_metadata({"rate": beside.RATE})
run.close()
"""


@pytest.mark.parametrize("through", ["script", "command"])
def test_a_script_outside_of_the_project_is_recorded_and_repeated(
    project, tmp_path_factory, through
):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "beside.py").write_text("RATE = 1\n")
    (elsewhere / "sim.py").write_text(RECORDING if through == "script" else "import beside\n")
    words = [PYTHON, os.path.relpath(elsewhere / "sim.py", project.cwd)]
    if through == "script":
        subprocess.run(words, cwd=project.cwd, env=project.environment, check=True)
    else:
        project("run", "--", *words)
    (listed,) = project.json("list")
    told = project.json("show", listed["id"])
    files = {os.path.basename(name) for name in told["code"]["files"]}
    assert {"sim.py", "beside.py"} <= files
    if through == "script":
        (elsewhere / "beside.py").write_text("RATE = 2\n")
    again = answer(project, "repeat", told["id"])
    assert (again["status"], again["agrees"]) == ("completed", True)
    if through == "script":
        assert project.json("show", again["repeat"])["metadata"] == {"rate": 1}


def test_a_value_that_is_no_yaml_is_told_with_its_name(project):
    done = project("run", "--param", "x=[1,", "--", "true", check=False)
    assert done.returncode == 2
    assert "the value of 'x' in --param 'x=[1,' is no YAML" in done.stderr


def test_failed_points_are_counted_as_run_and_say_why(project):
    (project.cwd / "space.yml").write_text(SPACE)
    words = ["sh", "-c", "echo one >&2; echo [two] >&2; echo >&2; exit {seed}"]
    done = project("sweep", "space.yml", "--", *words, check=False)
    assert done.returncode == 1
    assert "3 run, 2 of them failed" in done.stdout
    assert "exit status 2: [two]" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--"), "(`whence show "),
        (("sweep", "space.yml", "-j", "1", "--"), "the same command goes on where it was"),
        (("sweep", "space.yml", "--point", "1", "--"), "the same command goes on where it was"),
        (("sweep", "space.yml", "--again", "--"), "the same command without --again goes on"),
    ],
)
def test_ctrl_c_ends_with_one_line(project, words, said):
    (project.cwd / "space.yml").write_text(SPACE)
    command = ["sh", "-c", f"echo > '{project.cwd}/here'; exec sleep 600"]
    began = subprocess.Popen(
        project.words(*words, *command),
        cwd=project.cwd,
        env=project.environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    until((project.cwd / "here").exists)
    began.send_signal(signal.SIGINT)
    _, err = began.communicate(timeout=300)
    assert began.returncode == 130
    (line,) = [line for line in err.splitlines() if line.startswith("whence:")]
    assert line.startswith("whence: terminated: ")
    assert said in line
    assert "Traceback" not in err


def test_repeating_what_failed_says_why_it_cannot_agree_and_is_named_apart(project):
    (project.cwd / "flag").write_text("")
    words = ["sh", "-c", f"test ! -e '{project.cwd}/flag'"]
    first = answer(project, "run", "--name", "first", "--", *words, check=False)
    (project.cwd / "flag").unlink()
    done = project("repeat", "first", check=False)
    assert done.returncode == 1
    assert "it was failed before" not in done.stdout
    assert "it failed before, so there is no whole outcome" in " ".join(done.stdout.split())
    names = {run["name"]: run["id"] for run in project.json("list")}
    assert names["first"] == first["id"]
    assert set(names) == {"first", "first (again)"}
    shown = project("show", names["first (again)"]).stdout
    assert first["id"] in next(line for line in shown.splitlines() if "repeat of" in line)


FILES = {
    "p.yml": "a: 1\nmodel: {rate: 1.0e-3, name: x}\n",
    "p.json": '{"a": 1, "model": {"rate": 1e-3, "name": "x"}}',
    "p.toml": 'a = 1\n[model]\nrate = 1e-3\nname = "x"\n',
    "p.ini": "a = 1\n[model]\nrate = 1e-3\nname = x\n",
}


@pytest.mark.parametrize("name", FILES)
def test_parameters_come_from_a_file_and_are_overridden(project, name):
    (project.cwd / name).write_text(FILES[name])
    told = answer(project, "run", "--params", name, "-p", "model.name=y", "--", "true")
    assert told["parameters"] == {"a": 1, "model": {"rate": 1e-3, "name": "y"}}
    assert [a["name"] for a in told["artifacts"] if a["category"] == "input"] == [name]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("p.json", '{"a": 1,\n "b": }', "p.json:2:"),
        ("p.toml", "a = \n", "line 1"),
        ("p.yml", "- 1\n", "no names and values"),
        ("p.ini", "[a]\nb\n", "p.ini:2"),
        ("p.ini", "a = 1\nb = 2\nbad line\n", "p.ini:3:"),
        ("p.ini", "a = 1\na = 2\n", "p.ini:2: 'a' is there twice"),
        ("p.ini", "[a]\n[a]\n", "p.ini:2: 'a' is there twice"),
        ("p.dat", "", "p.dat"),
    ],
)
def test_a_bad_file_of_parameters_is_told_with_its_place(project, name, text, said):
    (project.cwd / name).write_text(text)
    done = project("run", "--params", name, "--", "true", check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert project.json("list") == []


def test_the_own_folder_is_picked_up_and_an_empty_one_is_gone(project):
    told = answer(project, "run", "--", "sh", "-c", "mkdir {out}/sub; echo hi > {out}/sub/a.txt")
    assert [a["name"] for a in told["artifacts"]] == ["sub/a.txt"]
    assert told["dir"] == f"runs/{told['id']}"
    assert (project.cwd / told["dir"] / "sub/a.txt").read_text() == "hi\n"
    by_name = answer(project, "run", "--", "sh", "-c", 'echo hi > "$WHENCE_OUT/b.txt"')
    assert [a["name"] for a in by_name["artifacts"]] == ["b.txt"]
    project("run", "--", "true")
    assert len(list((project.cwd / "runs").iterdir())) == 2
    given = answer(project, "run", "--out", "mine", "--", "sh", "-c", "echo hi > mine/c.txt")
    assert given["dir"] == "mine"


def test_kill_9_ends_the_program_too(project):
    process = subprocess.Popen(
        project.words("run", "--", "sh", "-c", "sleep 674.5 & echo there; sleep 674.5"),
        cwd=project.cwd,
        env=project.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "there\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    until(lambda: subprocess.run(["pgrep", "-f", "^sleep 674.5"], check=False).returncode == 1)
    (run,) = project.json("list")
    assert run["status"] == "lost"


def test_a_program_is_aborted_from_another_terminal(project):
    process = subprocess.Popen(
        [PYTHON, "-m", "whence", "run", "--", "sh", "-c", "echo there; exec sleep 600"],
        cwd=project.cwd,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "there\n"
    (run,) = project.json("list")
    asked = answer(project, "abort", "--reason", "too slow", "sh")
    assert asked == [{"id": run["id"], "name": "sh"}]
    _, err = process.communicate(timeout=300)
    assert process.returncode > 128
    assert f"terminated: {run['id']}" in err
    told = project.json("show", run["id"])
    assert (told["status"], told["error"]["message"]) == ("terminated", "too slow")
    refused = project("abort", "sh", check=False)
    assert refused.returncode == 2
    assert "is not running: it is terminated" in refused.stderr


SPACE = "parameter_space: !pspace\n  seed: !sweep {default: 0, range: [3]}\n"
MODEL = """\
import numpy as np

def simulate(out_dir, seed):
    np.save(out_dir / "y.npy", np.random.default_rng(seed).random(5))
"""


def test_points_status_and_dry_run(project):
    (project.cwd / "space.yml").write_text(SPACE)
    (project.cwd / "sim.py").write_text(MODEL)
    sweep = ("sweep", "space.yml")
    target = ("--", "sim.py:simulate")
    one = answer(project, *sweep, "--point", 1, *target)
    assert list(one["runs"]) == ["2"]
    told = answer(project, *sweep, "--status", *target)
    assert told["counts"] == {"missing": 2, "done": 1}
    assert told["to_run"] == "0,2"
    assert [p["status"] for p in told["points"]] == ["missing", "done", "missing"]
    text = project(*sweep, "--dry-run", *target).stdout
    assert "would run point 2 (state 3): seed=2" in text
    assert len(project.json("list")) == 2
    assert "--array=0,2" in project(*sweep, "--status", *target).stdout
    bad = project(*sweep, "--point", 3, *target, check=False)
    assert bad.returncode == 2
    assert "counted from 0 to 2" in bad.stderr


def test_points_go_by_one_number_and_equal_failures_are_told_once(project):
    (project.cwd / "space.yml").write_text(SPACE.replace("[3]", "[12]"))
    text = "def simulate(out_dir, seed):\n    raise ValueError({} if seed > 3 else 'low')\n"
    (project.cwd / "sim.py").write_text(text.format("'high'"))
    sweep = ("sweep", "space.yml", "--", "sim.py:simulate")
    told = " ".join(project(*sweep, check=False).stdout.split())
    assert "12 run, 12 of them failed" in told
    assert "4 points (0-3): ValueError: low (whence show" in told
    assert "8 points (4-11): ValueError: high (whence show" in told
    (project.cwd / "sim.py").write_text(text.format("str(seed)"))
    again = " ".join(project(*sweep, check=False).stdout.split())
    assert "12 points (0-11): sim.py changed" in again
    assert "point 4 (state 05): ValueError: 4 (whence show" in again
    assert "… and 4 more points: failed otherwise" in again
    one = project("sweep", "space.yml", "--point", 11, *sweep[2:], check=False)
    assert "point 11 (state 12): ValueError: 11" in " ".join(one.stdout.split())


@pytest.mark.parametrize("how", [(), ("--dry-run",), ("--point", "0")])
def test_a_function_that_does_not_take_the_parameters_does_not_run(project, how):
    (project.cwd / "space.yml").write_text(SPACE)
    (project.cwd / "sim.py").write_text("\ndef simulate(out_dir, sed, *, c=1):\n    pass\n")
    done = project("sweep", "space.yml", *how, "--", "sim.py:simulate", check=False)
    assert done.returncode == 2
    assert "sim.py:2:5" in done.stderr
    assert "simulate(out_dir, sed, *, c=…) cannot take" in " ".join(done.stderr.split())
    assert "simulate(folder, seed=…)" in done.stderr
    assert project.json("list") == []


def test_a_function_that_is_not_there_is_told_with_functions_of_the_file(project):
    (project.cwd / "space.yml").write_text(SPACE)
    (project.cwd / "sim.py").write_text(MODEL)
    done = project("sweep", "space.yml", "--", "sim.py:nope", check=False)
    assert "there is no function 'nope' in sim.py" in done.stderr
    assert "It defines simulate." in done.stderr


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("def f(out, a, b=2): ...", True),
        ("def f(out, /, **rest): ...", True),
        ("def f(*args, a): ...", True),
        ("def f(a): ...", False),
        ("def f(out): ...", False),
        ("def f(out, a, c): ...", False),
        ("@odd\ndef f(out): ...", True),
        ("def f(out): ...\nf = odd(f)", True),
        ("from odd import f", True),
        ("def f(out): ...\ndef f(out, a): ...", True),
    ],
)
def test_what_a_function_takes_is_known_from_its_text(source, fits):
    found = signature_in(source, "f", "s.py")
    if fits:
        check_call("f", *found, {"a": 1})
    else:
        with pytest.raises(UserError, match="cannot take the parameters"):
            check_call("f", *found, {"a": 1})


def test_an_aborted_sweep_says_how_much_was_not_run(project):
    (project.cwd / "space.yml").write_text(SPACE.replace("[3]", "[5]"))
    words = ("sweep", "space.yml", "-j", "1", "--", "sh", "-c", "test {seed} = 0 || exec sleep 600")
    with subprocess.Popen(
        project.words(*words), cwd=project.cwd, env=project.environment, stdout=-1, text=True
    ) as process:
        while not any(run["name"].endswith("sim_2") for run in project.json("list")):
            assert process.poll() is None
        project("abort", "space")
        out, _ = process.communicate(timeout=60)
    told = " ".join(out.split())
    assert "aborted: 2 run, 1 of them ended by the abort, 3 not run" in told
    assert process.returncode == 1


@pytest.fixture(params=[True, False], ids=["git", "no git"])
def recorded(project, request):
    """A point, a script and a program on record, whose code was edited afterwards."""
    here = project.cwd
    (here / "space.yml").write_text(SPACE)
    (here / "sim.py").write_text(MODEL)
    (here / "main.py").write_text(
        "import sys\nfrom whence import Run\nfrom model import rate\n"
        "with Run() as run:\n    run.init('scripted')\n"
        "    open('z.txt', 'w').write(f'{rate} {sys.argv[1]}')\n    run.save_file('z.txt')\n"
    )
    (here / "model.py").write_text("rate = 3\n")
    (here / "settings.dat").write_text("clean\n")
    if request.param:
        git(here, "init", "-q")
        git(here, "add", "*.py", "*.yml", "*.dat")
        git(here, "commit", "-qm", "first")
        (here / "settings.dat").write_text("changed\n")
    project("sweep", "space.yml", "--", "sim.py:simulate")
    environment = {**project.environment, "PYTHONPATH": ""}
    subprocess.run([PYTHON, "main.py", "4"], cwd=here, env=environment, check=True)
    words = ("--name", "program", "--input", "settings.dat", "--output", "[ot].txt")
    project("run", *words, "--", "sh", "-c", "cat settings.dat > o.txt; date +%N > t.txt")
    for name in ("sim.py", "main.py", "model.py", "settings.dat"):
        (here / name).write_text("broken(")
    return project


def test_a_record_is_repeated_from_what_is_on_record(recorded):
    before = {path: path.read_text() for path in recorded.cwd.glob("[a-z]*.*")}
    for name in ("sim_2", "scripted"):
        told = recorded.json("repeat", name)
        assert (told["agrees"], told["status"]) == (True, "completed")
        assert told["outputs"] == {"changed": [], "same": 1}
        changed = {one["name"] for one in told["code"]["changed"]}
        assert not changed & {"sim.py", "main.py", "model.py"}
        assert told["notes"] == []
    told = recorded.json("repeat", "program", check=False)
    assert not told["agrees"]
    assert told["outputs"]["same"] >= 1
    assert [one["name"] for one in told["outputs"]["changed"]] == ["t.txt"]
    assert {path: path.read_text() for path in recorded.cwd.glob("[a-z]*.*")} == before
    if (recorded.cwd / ".git").exists():
        trees = subprocess.check_output(["git", "worktree", "list"], cwd=recorded.cwd, text=True)
        assert len(trees.splitlines()) == 1


def test_a_repeat_has_the_tags_that_a_run_was_begun_with_and_none_put_on_it_later(project):
    space = "parameter_space: !pspace\n  x: !sweep {default: 0, values: [1]}\n"
    (project.cwd / "space.yml").write_text(space)
    project("sweep", "space.yml", "--name", "swept", "--tag", "given", "--", "echo", "{x}")
    project("run", "--name", "tagged", "--tag", "given", "--tag", "more", "--", "true")
    project("run", "--name", "bare", "--", "true")
    runs = {run["name"]: run["id"] for run in project.json("list", "kind == run")}
    project("tag", *runs.values(), "pinned")
    again = {name: project.json("repeat", run)["repeat"] for name, run in runs.items()}
    tags = {name: project.json("show", run)["tags"] for name, run in again.items()}
    assert tags == {"swept/sim_1": ["given"], "tagged": ["given", "more"], "bare": []}
    pinned = {run["id"] for run in project.json("list", "pinned")}
    assert pinned == set(runs.values())


SEVERAL = """\
import whence
for rate in (1, 2, 2):
    with whence.Run() as run:
        run.init(f"rate {rate}", parameters={"rate": rate})
        run.save_object([rate], "output", name="result")
"""


def test_of_several_runs_of_a_script_each_is_compared_with_what_it_became(project):
    (project.cwd / "several.py").write_text(SEVERAL)
    project("init")
    subprocess.run([PYTHON, "several.py"], cwd=project.cwd, env=project.environment, check=True)
    third, second, first = (run["id"] for run in project.json("list"))
    told = project.json("repeat", second)
    assert (told["agrees"], told["outputs"]) == (True, {"changed": [], "same": 1})
    runs = [run["id"] for run in project.json("list")[:3]]
    assert runs[1] == told["repeat"]
    for run, old in zip(runs, (third, second, first), strict=True):
        assert f"repeat of {old}" in " ".join(project("show", run).stdout.split())


SCRIPTED = """\
import sys, whence
with whence.Run() as run:
    run.init("scripted")
    open("z.txt", "w").write("z")
    run.save_file("z.txt")
"""


@pytest.fixture
def left(tmp_path):
    """A project with a script's run, a program's and a point, each begun in a folder of it."""
    (tmp_path / "first" / "sub").mkdir(parents=True)
    whence = CommandLine(tmp_path / "first", tmp_path / "cache")
    whence("init")
    (whence.cwd / "s.py").write_text(SCRIPTED)
    (whence.cwd / "space.yml").write_text(SPACE)
    sub = whence.cwd / "sub"
    subprocess.run([PYTHON, "../s.py"], cwd=sub, env=whence.environment, check=True)
    program = ("--", "sh", "-c", "echo o > o2")
    whence("run", "--name", "program", "--output", "o2", *program, cwd=sub)
    whence("sweep", "space.yml", "--", "sh", "-c", "echo {seed} > {out}/o")
    return whence


@pytest.mark.parametrize("name", ["scripted", "program", "sim_2"])
@pytest.mark.parametrize(
    "how", ["moved", pytest.param("copied", marks=pytest.mark.slow), "merged", "imported"]
)
def test_a_record_is_repeated_where_the_store_is_now(left, how, name):
    now = left.cwd.with_name("now")
    if how == "moved":
        left.cwd.rename(now)
    elif how == "copied":
        shutil.copytree(left.cwd / ".whence", now / ".whence")
    else:
        now.mkdir()
        left("init", cwd=now)
    if how == "merged":
        left("merge", left.cwd, cwd=now)
    elif how == "imported":
        left("export", "--with-content", "-o", now / "all.jsonl", cwd=left.cwd)
        left("import", now / "all.jsonl", cwd=now)
    before = len(left.json("list", cwd=left.cwd)) if how != "moved" else 0
    told = left.json("repeat", name, cwd=now)
    assert (told["agrees"], told["outputs"]["same"], told["notes"]) == (True, 1, [])
    assert told["repeat"] in [run["id"] for run in left.json("list", cwd=now)]
    if how != "moved":
        assert len(left.json("list", cwd=left.cwd)) == before
    again = left.json("repeat", told["repeat"], cwd=now)
    assert (again["agrees"], again["notes"]) == (True, [])


def test_a_script_that_records_nothing_when_it_is_repeated_shows_its_last_words(project):
    flag = project.cwd.parent / f"{project.cwd.name}.flag"
    flag.write_text("")
    (project.cwd / "s.py").write_text(f"open({str(flag)!r})\n{SCRIPTED}")
    subprocess.run([PYTHON, "s.py"], cwd=project.cwd, env=project.environment, check=True)
    flag.unlink()
    done = project("repeat", "scripted", "--quiet", check=False)
    assert done.returncode == 2
    assert "recorded no run (exit status 1)" in done.stderr
    assert f"FileNotFoundError: [Errno 2] No such file or directory: {str(flag)!r}" in done.stderr


def test_a_run_begun_in_a_folder_that_is_gone_is_repeated_with_a_note(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("gone")
    project("run", "--store", project.cwd, "--name", "far", "--", "true", cwd=elsewhere)
    elsewhere.rmdir()
    told = project.json("repeat", "far")
    assert told["status"] == "completed"
    assert [str(elsewhere) in note for note in told["notes"]] == [True]


def test_what_cannot_be_repeated_is_told(recorded):
    done = recorded("repeat", "space", check=False)
    assert done.returncode == 2
    assert "Repeat one of its points" in done.stderr
    runs = len(recorded.json("list"))
    (recorded.cwd / "big.dat").write_bytes(os.urandom(100_000))
    name = ("--name", "large", "--input", "big.dat")
    recorded("run", *name, "--", "true")
    (recorded.cwd / "big.dat").write_bytes(b"")
    done = recorded("repeat", "large", check=False)
    if done.returncode != 0:  # where the file system could not share the blocks
        assert "nowhere to be found" in done.stderr
        assert len(recorded.json("list")) == runs + 1


COLLECTING = """
from whence import Client, Run

with Run() as run:
    run.init("sum")
    found = Client().get_runs(["name == part"], output_format="dict")
    values = [Client().get_artifact(one["id"], "value") for one in found]
    run.save_object(sum(values), "output", name="total")
"""


def test_a_repeat_that_reads_other_data_says_so(project):
    (project.cwd / "part.py").write_text(
        "import sys\nfrom whence import Run\nwith Run() as run:\n    run.init('part')\n"
        "    run.save_object(float(sys.argv[1]), 'output', name='value')\n"
    )
    (project.cwd / "collect.py").write_text(COLLECTING)

    def script(*words):
        subprocess.run([PYTHON, *words], cwd=project.cwd, env=project.environment, check=True)

    script("part.py", "1")
    script("collect.py")
    told = project.json("repeat", "sum")
    assert (told["agrees"], told["inputs"]) == (True, {"added": [], "removed": []})
    script("part.py", "2")
    done = project("repeat", "sum", "--quiet", check=False)
    assert done.returncode == 1
    assert "it read other data: 1 input not read before, 0 not read again" in done.stdout
