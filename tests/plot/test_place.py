"""Writing figures: whole, or an error in words."""

import os

import pytest

from whence.base.error import UserError
from whence.plot.place import write


def test_a_figure_is_written_with_its_folders_and_nothing_else(tmp_path):
    file = tmp_path / "out" / "first" / "figure.txt"
    write(file, b"old")
    write(file, b"new")
    assert file.read_bytes() == b"new"
    assert os.listdir(file.parent) == ["figure.txt"]


def test_below_a_file_there_is_no_place(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UserError, match="cannot write "):
        write(tmp_path / "out" / "first" / "figure.txt", b"data")
    assert os.listdir(tmp_path) == ["out"]
