"""`whence list`: filters, columns, order, and what wrong ones are answered."""

import signal
import subprocess
import time

import pytest

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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["created == soon"], "'soon' is not a date"),
        (["staus == failed"], "Did you mean 'status'"),
        (["--columns", "nme"], "Did you mean 'name'"),
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
    process = subprocess.Popen(
        whence.words("list", "--watch"),
        cwd=whence.cwd,
        env=whence.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(1.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "n3" in out
    assert "Traceback" not in err
