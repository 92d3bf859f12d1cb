"""The pages that are typed as they stand do what they say."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest


def test_finding(read: Callable[[str], Path]) -> None:
    folder = read("finding.md")
    lines = (folder / "figure1.jsonl").read_text().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert (folder / "figure1.png").stat().st_size > 10_000


def test_recording(read: Callable[[str], Path]) -> None:
    read("recording.md")


def test_tasks(read: Callable[[str], Path]) -> None:
    read("tasks.md")


def test_lineage(read: Callable[[str], Path]) -> None:
    folder = read("lineage.md")
    assert "<svg" in (folder / "lineage.html").read_text()
    assert zipfile.is_zipfile(folder / "crate.zip")


def test_metrics(read: Callable[[str], Path]) -> None:
    folder = read("metrics.md")
    assert (folder / "heat.png").stat().st_size > 10_000


def test_looking_after_a_store(read: Callable[[str], Path]) -> None:
    if shutil.which("rsync") is None:
        pytest.skip("the page copies with rsync: install it")
    read("store.md")


def test_collections(read: Callable[[str], Path]) -> None:
    folder = read("collections.md")
    assert "!YamlCatalog" in (folder / "sources.yaml").read_text()


@pytest.mark.parametrize(
    "page", ["space", "eval", pytest.param("plots", marks=pytest.mark.slow), "config"]
)
def test_a_reference_page(read: Callable[[str], Path], page: str) -> None:
    read(f"reference/{page}.md")
