"""`whence list`: filters, columns, order, and what wrong ones are answered."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time

import pytest

from whence.app.client import Client
from whence.store import Store
from whence.testing.command import CommandLine


@pytest.fixture(scope="module")
def whence(tmp_path_factory):
    folder = tmp_path_factory.mktemp("list")
    store = Store.create(folder)
    writer = store.writer()
    for number in range(4):
        facts = {"name": f"n{number}", "status": "completed", "created": 1.7e9 + number}
        facts |= {"params": {"T": number / 2, "n": 1}, "started": 1.7e9, "ended": 1.7e9 + number}
        writer.append("set", f"20231114T00000{number}abcdefg", {"f": facts})
        writer.append("meta", f"20231114T00000{number}abcdefg", {"m": {"x": number}})
    writer.append("tags", "20231114T000001abcdefg", {"add": ["melt"], "remove": []})
    writer.close()
    return CommandLine(folder, folder / "cache")


def names(whence, *words):
    return [run["name"] for run in whence.json("list", *words)]


def test_filters_all_hold(whence):
    assert names(whence) == ["n3", "n2", "n1", "n0"]
    assert names(whence, "metadata.x > 0", "T < 1.5") == ["n2", "n1"]
    assert names(whence, "has tag.melt") == names(whence, "--tag", "melt") == ["n1"]
    assert names(whence, "created < 2d") == []
    assert names(whence, "--status", "finished", "--kind", "run", "-n", "1") == ["n3"]
    assert names(whence, "--folder", "/none") == []


def test_order(whence):
    assert names(whence, "--sort", "T") == ["n0", "n1", "n2", "n3"]
    assert names(whence, "--sort", "n,-duration", "-n", "2") == ["n3", "n2"]


def test_columns(whence):
    shown = whence("list", "--columns", "name,tags,params.T,metadata.x", "T == 0.5").stdout
    assert [line.split() for line in shown.splitlines()] == [
        ["name", "tags", "T", "x"], ["n1", "melt", "0.5", "1"]
    ]  # fmt: skip
    more = whence("list", "--columns", "+folder", "-n", "1").stdout.splitlines()
    assert more[0].split() == ["id", "status", "name", "parameters", "took", "created", "folder"]
    assert more[-1] == "… and 3 more; --limit 0 lists them all."


def test_a_word_is_a_tag_or_a_part_of_an_id_or_a_name(whence):
    assert names(whence, "melt") == ["n1"]
    assert names(whence, "20231114T000002") == names(whence, "n2") == ["n2"]
    assert len(names(whence, "20231114")) == 4
    assert len(names(whence, "completed")) == 4
    done = whence("list", "nonsense", check=False)
    assert done.returncode == 2
    assert "no run has 'nonsense' as a tag, or in its id or name" in done.stderr


def test_a_starred_run_has_a_mark_and_is_found_by_that_word(whence):
    assert "★" not in whence("list").stdout
    whence("tag", "n2", "starred")
    assert [row for row in whence("list").stdout.splitlines() if "★ n2" in row]
    assert names(whence, "starred") == ["n2"]
    found = Client(whence.cwd).get_runs("starred")
    assert [record.name for _, record in found] == ["n2"]
    whence("tag", "n2", "--remove", "starred")


def test_an_empty_answer_says_what_may_be_wrong(whence):
    told = whence("list", "params.nope > 7").stdout
    assert "No run on record has a parameter 'nope'." in told
    assert "`whence list` without filters" in told
    assert "whence run --" not in told
    assert "No run on record" not in whence("list", "params.T > 7").stdout


def test_columns_by_bare_names(whence):
    shown = whence("list", "--columns", "name,T,x", "-n", "1").stdout.splitlines()
    assert [line.split() for line in shown[:2]] == [["name", "T", "x"], ["n3", "1.5", "3"]]


def painted_in_a_terminal(whence, width, *words, **more):
    """What a command prints in a terminal of that many columns, with its colours."""
    out, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {**whence.environment, "COLUMNS": str(width), "TERM": "xterm", **more}
    process = subprocess.Popen(
        whence.words(*words), cwd=whence.cwd, env=environment, stdout=terminal, stdin=terminal
    )
    os.close(terminal)
    told = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error
        while piece := os.read(out, 4096):
            told += piece
    os.close(out)
    assert process.wait(300) == 0
    return told.decode()


def in_a_terminal(whence, width, *words):
    """What a command prints in a terminal of that many columns, line by line."""
    told = painted_in_a_terminal(whence, width, *words)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", told)
    return [line.rstrip() for line in plain.splitlines()]


@pytest.mark.parametrize("width", [80, 50])
def test_a_narrow_terminal_cuts_names_and_parameters_only(tmp_path, width):
    writer = Store.create(tmp_path).writer()
    for number in range(3):
        facts = {"name": "a long name for a run " * 3 + str(number), "status": "terminated"}
        facts |= {"created": time.time() - 7200, "started": 1.7e9, "ended": 1.7e9 + 250}
        facts["params"] = {"a_parameter": number, "another": number, "third": number}
        writer.append("set", f"20231114T00000{number}abcdefg", {"f": facts})
    writer.close()
    lines = in_a_terminal(CommandLine(tmp_path, tmp_path / "cache"), width, "list")
    text = "\n".join(lines)
    for number in range(3):
        assert f"20231114T00000{number}abcdefg  terminated" in text
    assert text.count("4 min 10 s") == text.count("2 h ago") == 3
    assert "…" in text
    assert width < 80 or max(map(len, lines)) <= 80


def test_a_status_has_its_colour_unless_none_are_wanted(tmp_path):
    writer = Store.create(tmp_path).writer()
    for status in ("failed", "completed"):
        writer.append("set", f"20231114T000000{status[:7]}", {"f": {"status": status}})
    writer.close()
    whence = CommandLine(tmp_path, tmp_path / "cache")
    told = painted_in_a_terminal(whence, 80, "list")
    assert re.search(r"\x1b\[31m\x1b\[1mfailed +\x1b\[0m", told)
    assert re.search(r"\x1b\[32mcompleted *\x1b\[0m", told)
    assert "\x1b[" not in painted_in_a_terminal(whence, 80, "list", NO_COLOR="1")


def test_the_only_run_shows_a_few_parameters(tmp_path):
    writer = Store.create(tmp_path).writer()
    facts = {"name": "one", "params": {f"p{i}": i for i in range(9)}}
    writer.append("set", "20231114T000000abcdefg", {"f": facts})
    writer.append("set", "20231114T000001abcdefg", {"f": {"name": "two", "kind": "sweep"}})
    writer.append("tags", "20231114T000000abcdefg", {"add": ["a b", "c"], "remove": []})
    writer.close()
    whence = CommandLine(tmp_path, tmp_path / "cache")
    assert "p0=0 p1=1 p2=2 p3=3 …  " in whence("list").stdout
    assert "parameters" not in whence("list", "--kind", "sweep").stdout
    assert '"a b" c' in whence("list", "--columns", "tags").stdout
    assert 'tags     "a b" c' in whence("show", "one").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["created == soon"], "'soon' is not a date"),
        (["staus == failed"], "Did you mean 'status'"),
        (["--columns", "nme"], "Did you mean 'name'"),
        (["metadata.seed >> 7"], "'>>'"),
        (["x > = 7"], "'> ='"),
        (["--sort", "nme"], "no record has a 'nme' to sort by"),
        (["--status", "finnished"], "Did you mean 'finished'"),
    ],
)
def test_mistakes(whence, words, message):
    done = whence("list", *words, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_watching_goes_on_until_interrupted(whence):
    for pause in (1.5, 10, 60):  # until it has drawn its table, which nothing tells
        process = subprocess.Popen(
            whence.words("list", "--watch"),
            cwd=whence.cwd,
            env=whence.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(pause)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
        if "n3" in out:
            break
    assert process.returncode == 130
    assert "n3" in out
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "words",
    [
        ["show", "\udcff"],
        ["show", ""],
        ["tag", "", "foo"],
        ["diff", "\udcff", "\udcff"],
        ["lineage", "\udcff"],
        ["list", "--tag", "\udcff"],
        ["list", "--sort", "\udcff"],
        ["list", "--columns", "\udcff"],
    ],
)
def test_names_that_no_run_can_have_are_refused(whence, words):
    done = whence(*words, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
