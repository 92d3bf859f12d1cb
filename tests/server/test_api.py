"""The JSON API, asked over a real socket."""

import json
import signal
import subprocess
import urllib.error
import urllib.request

import pytest

from whence.runs import Run
from whence.store import Store
from whence.testing.command import CommandLine

pytest.importorskip("fastapi", reason="install with: pip install 'whence[server]'")
pytest.importorskip("uvicorn", reason="install with: pip install 'whence[server]'")


@pytest.fixture
def served(tmp_path):
    store = Store.create(tmp_path)
    with Run(store) as run:
        run.init("melt", parameters={"T": 1.5}, tags=["first"], folder="/lj")
        (tmp_path / "out.txt").write_text("42")
        digest = run.save_file(tmp_path / "out.txt")
    line = CommandLine(tmp_path, tmp_path / "cache")
    process = subprocess.Popen(
        line.words("serve", "--port", "0"),
        cwd=tmp_path,
        env={**line.environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = process.stdout.readline().split("/api")[0]
        assert address.startswith("http://127.0.0.1:")
        yield address, run.id, digest
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.close()
        process.wait(120)


def get(address, path):
    with urllib.request.urlopen(address + path, timeout=120) as response:
        return json.load(response)


def test_it_answers_what_the_command_line_answers(served, tmp_path):
    address, run, digest = served
    line = CommandLine(tmp_path, tmp_path / "cache")
    assert get(address, "/api/runs") == {"data": line.json("list"), "count": 1}
    assert get(address, "/api/runs?tag=second")["count"] == 0
    assert get(address, f"/api/runs/{run}") == line.json("show", run)
    assert get(address, f"/api/trace/{digest}")["runs"] == [run]
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(address, "/api/runs/nobody")
    assert refused.value.code == 404
    assert json.load(refused.value)["problems"][0]["code"] == "unknown-run"
    refused.value.close()


@pytest.mark.parametrize(
    "query", ["status=bogus", "kind=bogus", "limit=0", "limit=1001", "limit=x"]
)
def test_a_wrong_question_is_told_in_our_words(served, query):
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(served[0], f"/api/runs?{query}")
    assert refused.value.code == 400
    (problem,) = json.load(refused.value)["problems"]
    assert query.partition("=")[0] in problem["message"]
    refused.value.close()


def test_what_is_no_digest_is_refused(served):
    for digest in ("x", "%00", "%FF", "AB" * 32):
        assert asked(served[0], f"/api/trace/{digest}", "localhost") == 400
    assert asked(served[0], f"/api/trace/{'ab' * 32}", "localhost") == 200


def asked(address, path, host):
    request = urllib.request.Request(address + path, headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return response.status
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def test_it_answers_to_the_names_of_this_machine_alone(served):
    for host in ("localhost", "127.0.0.1:80", "[::1]:80"):
        assert asked(served[0], "/api/runs", host) == 200
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", ""):
        assert asked(served[0], "/api/runs", host) == 400
    for page in ("/docs", "/redoc"):  # they would load scripts from elsewhere
        assert asked(served[0], page, "localhost") == 404
    assert asked(served[0], "/openapi.json", "localhost") == 200


def test_a_taken_port_is_told(served, tmp_path):
    address, _, _ = served
    line = CommandLine(tmp_path, tmp_path / "cache")
    done = line("serve", "--port", address.rpartition(":")[2], check=False)
    assert done.returncode == 2
    assert "cannot listen" in done.stderr
    assert "ResourceWarning" not in done.stderr


def test_a_port_that_cannot_be_is_refused(tmp_path):
    line = CommandLine(tmp_path, tmp_path / "cache")
    line("init")
    done = line("serve", "--port", "70000", check=False)
    assert done.returncode == 2
    assert "70000 is not in the range" in done.stderr
