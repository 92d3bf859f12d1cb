"""Standard streams: a terminal, and what is full or closed, as daemons and full disks leave it."""

import contextlib
import os
import pty
import subprocess
import sys
import termios

import pytest

PRINTING = """\
import os, sys, time
print("a line", os.get_terminal_size(1).columns, sys.stderr.isatty())
while not os.path.exists("seen"): time.sleep(0.01)
sys.stderr.write("1 %\\r100 %\\n\\033[31mred\\033[0m\\n")
print("x" * 200_000)
sys.exit(3)
"""
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


def test_to_a_terminal_a_program_prints_as_it_does_by_itself(whence):
    """Line by line, that is, and in colours; the record shows what stood there in the end."""
    whence("init")
    (whence.cwd / "prints.py").write_text(PRINTING)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 91))
    environment = {**whence.environment, "PYTHONUNBUFFERED": ""}
    words = whence.words("run", "--name", "p", "--", sys.executable, "prints.py")
    with subprocess.Popen(
        words, cwd=whence.cwd, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        seen = b""
        while b"\n" not in seen:
            seen += os.read(ours, 4096)
        (whence.cwd / "seen").touch()
        assert seen == b"a line 91 True\r\n"
        with contextlib.suppress(OSError):  # so the end is told
            while piece := os.read(ours, 4096):
                seen += piece
    os.close(ours)
    assert process.returncode == 3
    assert b"\x1b[31mred\x1b[0m\r\n" in seen
    assert b"x" * 200_000 + b"\r\n" in seen
    assert "x" * 200_000 in whence("show", "p", "--output").stdout
    page = whence("show", "p").stdout
    assert "  100 %\n  red\n" in page
    assert "exit status 3: red" in " ".join(page.split())
