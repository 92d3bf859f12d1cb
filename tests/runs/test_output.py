import ctypes
import os
import subprocess
import sys
import textwrap

import pytest

from whence.runs import captured
from whence.runs.output import Drain
from whence.testing.wait import until


class Pieces:
    def __init__(self):
        self.pieces = []

    def __call__(self, stream, text):
        self.pieces.append((stream, text))

    def text(self, stream):
        return "".join(text for name, text in self.pieces if name == stream)


def test_python_c_and_children_are_captured(capfd):
    pieces = Pieces()
    with captured(pieces):
        print("from python")
        ctypes.CDLL(None).puts(b"from C")  # lies in C's own buffer until that is flushed
        os.write(2, "höre\n".encode())
        subprocess.run(["echo", "from a child"], check=True)
    assert sorted(pieces.text("out").splitlines()) == ["from C", "from a child", "from python"]
    assert pieces.text("err") == "höre\n"
    print("after")
    assert capfd.readouterr().out == "after\n"


def test_the_terminal_sees_it_too_if_asked(capfd):
    pieces = Pieces()
    with captured(pieces, through=True):
        print("shown")
    assert capfd.readouterr().out == "shown\n"
    assert pieces.text("out") == "shown\n"


def test_an_exception_restores_the_output(capfd):
    pieces = Pieces()
    with pytest.raises(ZeroDivisionError), captured(pieces):  # noqa: PT012
        print("before")
        print(1 / 0)
    print("after")
    assert capfd.readouterr().out == "after\n"
    assert pieces.text("out") == "before\n"


def test_pieces_are_few_and_come_while_it_runs():
    pieces = Pieces()
    with captured(pieces):
        for i in range(200):
            os.write(1, b"line %d\n" % i)
        until(lambda: pieces.text("out").endswith("line 199\n"))
        os.write(1, b"last")
    assert 2 <= len(pieces.pieces) <= 50


def test_a_megabyte_comes_whole_and_characters_are_not_cut():
    pieces = Pieces()
    text = "äöü" * 200_000
    with captured(pieces):
        sys.__stdout__.flush()
        data = text.encode()
        for start in range(0, len(data), 7001):
            os.write(1, data[start : start + 7001])
    assert pieces.text("out") == text


def test_a_daemon_that_keeps_the_pipe_does_not_hold_us():
    pieces = Pieces()
    with captured(pieces):
        daemon = subprocess.Popen(["sh", "-c", "echo early; exec sleep 600"])
        until(lambda: pieces.text("out"))
    assert daemon.poll() is None
    daemon.kill()
    daemon.wait()
    assert pieces.text("out") == "early\n"


def test_a_recorder_that_fails_does_not_block_the_program():
    read, write = os.pipe()

    def refuse(stream, text):
        raise OSError("no space")

    drain = Drain({"out": read}, refuse)
    drain.start()
    for _ in range(100):
        os.write(write, b"x" * 10_000)
    os.close(write)
    with pytest.raises(OSError, match="no space"):
        drain.finish()


def test_a_recorder_that_fails_leaves_nothing_open():
    def refuse(stream, text):
        raise OSError("no space")

    before = os.listdir("/proc/self/fd")
    for _ in range(3):
        with pytest.raises(OSError, match="no space"), captured(refuse):
            os.write(1, b"x")
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_what_was_printed_before_kill_9_is_kept(tmp_path):
    script = textwrap.dedent(
        """
        import os, signal, time
        from whence.runs import captured
        file = open("pieces", "a", buffering=1)
        with captured(lambda stream, text: file.write(text)):
            print("early", flush=True)
            while not os.path.getsize("pieces"):
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False)
    assert (tmp_path / "pieces").read_text() == "early\n"
