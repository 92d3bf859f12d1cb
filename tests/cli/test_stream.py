"""Standard streams that are full or closed, as daemons and full disks leave them."""

import subprocess

import pytest

SPACE = "!pspace\na: !pdim {default: 0, values: [1, 2]}\n"


def shell(whence, line, **variables):
    """Run a line of the shell in which ``$W`` is the command."""
    words = ["sh", "-c", line.replace("$W", " ".join(whence.words()))]
    return subprocess.run(
        words, cwd=whence.cwd, env=whence.environment | variables, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    "words",
    ["list", "list --json", "show begun", "--help", "list --help", "--version", "repeat begun",
     "sweep space.yml -- true", "verify", "cat begun stdin.txt", "show nothing --json"],
)  # fmt: skip
def test_a_full_standard_output_is_told_in_a_line(whence, words):
    (whence.cwd / "space.yml").write_text(SPACE)
    (whence.cwd / "stdin.txt").write_text("x" * 100_000)
    whence("run", "--name", "begun", "--input", "stdin.txt", "--", "true")
    done = shell(whence, f"$W {words} > /dev/full")
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith("whence: cannot write to standard output: No space left on device")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_what_was_done_is_on_record_though_the_answer_is_lost(whence):
    (whence.cwd / "space.yml").write_text(SPACE)
    assert shell(whence, "$W sweep space.yml -- true > /dev/full").returncode == 1
    listed = whence.json("list", "status==completed")
    assert len([run for run in listed if run["kind"] == "run"]) == 2


def test_who_has_read_enough_is_told_nothing(whence):
    whence("run", "--", "true")
    done = shell(whence, "$W list --json | true")
    assert done.stderr == ""


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_closed_streams_stop_nothing(whence, closed):
    done = shell(whence, f"$W run -- sh -c 'echo x; echo y >&2' {closed}")
    assert done.returncode == 0, done.stderr
    (run,) = whence.json("list")
    assert run["status"] == "completed"
    assert "x" in whence("show", run["id"]).stdout
    for path in whence.cwd.glob(".whence/journals/*/*.jsonl"):
        assert all(line.startswith(b"{") for line in path.read_bytes().splitlines())
    assert shell(whence, f"$W list {closed}").returncode == 0
    (whence.cwd / "space.yml").write_text(SPACE)
    done = shell(whence, f"$W sweep space.yml -- sh -c 'echo x' {closed}")
    assert done.returncode == 0, done.stderr
    assert whence.json("verify")["sound"]


def test_a_log_of_the_user_that_is_cut_short_is_told(whence):
    done = shell(whence, "$W run -- sh -c 'echo line; exit 3' > /dev/full")
    assert done.returncode == 3
    assert "standard output was cut short: No space left on device" in done.stderr
    (run,) = whence.json("list")
    assert "line" in whence("show", run["id"]).stdout
    assert "cut short" not in shell(whence, "$W run -- sh -c 'echo line' | true").stderr
    assert shell(whence, "$W run -- true 2> /dev/full").returncode == 0
