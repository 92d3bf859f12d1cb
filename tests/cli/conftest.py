"""The command line as a user has it."""

import pytest

from whence.testing.command import CommandLine


@pytest.fixture
def whence(tmp_path):
    return CommandLine(tmp_path, tmp_path / "cache")


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A finished demo, which tests may look at and must not change."""
    folder = tmp_path_factory.mktemp("demo")
    CommandLine(folder, folder / "cache")("demo", "d")
    return CommandLine(folder / "d", folder / "cache")
