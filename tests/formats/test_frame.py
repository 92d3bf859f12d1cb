"""Tables: whole or row by row, with what was said for all readings."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from whence.base.error import MissingExtraError, UserError
from whence.formats import driver

FRAME = pd.DataFrame({"a": range(5), "b": list("vwxyz")})
NEEDED = {"csv": None, "parquet": "pyarrow", "feather": "pyarrow", "excel": "openpyxl"}
EXTRA = {"pyarrow": "parquet", "openpyxl": "excel"}


@pytest.fixture(params=NEEDED)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, tmp_path: Path) -> str:
    package = NEEDED[kind]
    if package:
        pytest.importorskip(package, reason=f"pip install 'whence[{EXTRA[package]}]'")
    path = tmp_path / "table"
    if kind == "excel":
        path = path.with_suffix(".xlsx")
        with pd.ExcelWriter(path) as book:
            FRAME.to_excel(book, index=False)
            FRAME[::-1].to_excel(book, sheet_name="other", index=False)
    elif kind == "csv":
        FRAME.to_csv(path, index=False)
    else:
        getattr(FRAME, f"to_{kind}")(path)
    return f"file://{path}"


def test_tables_and_their_rows(kind: str, url: str) -> None:
    found = driver(kind)(url)
    pd.testing.assert_frame_equal(found.get_df(), FRAME)
    rows = found.get_iter()
    assert rows.collect() == rows.collect() == list(FRAME.itertuples(index=False))
    assert rows.map(lambda row: (row.a, row.b)).take(2).collect() == [(0, "v"), (1, "w")]
    named = found.get_iter(itertuples_kwargs={"index": True, "name": "Row"}).collect()
    assert [(type(row).__name__, row.Index) for row in named] == [("Row", i) for i in range(5)]
    assert found.get_iter({"name": None}).take(1).collect() == [(0, "v")]


def test_what_the_source_says_and_what_is_asked(kind: str, url: str) -> None:
    only = {"usecols" if kind in ("csv", "excel") else "columns": ["b"]}
    other = {next(iter(only)): ["a"]}
    found = driver(kind)(url, read_kwargs=only)
    assert list(found.get_df()) == ["b"]
    assert list(found.get_df(**other)) == ["a"]
    assert [tuple(row) for row in found.get_iter().take(1)] == [("v",)]
    for rows in (found.get_iter(read_kwargs=other), found.get_iter(**other)):
        assert [tuple(row) for row in rows.take(1)] == [(0,)]


def test_hooks_are_called_in_order_on_the_whole(kind: str, url: str) -> None:
    hooks = [lambda frame: frame.sort_values("a", ascending=False), lambda frame: frame.head(2)]
    found = driver(kind)(url, df_hooks=hooks)
    assert found.get_df()["a"].tolist() == [4, 3]
    assert [row.b for row in found.get_iter()] == ["z", "y"]


def test_parquet_in_pieces_and_with_options_for_the_whole(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pip install 'whence[parquet]'")
    FRAME.to_parquet(tmp_path / "t")
    found = driver("parquet")(str(tmp_path / "t"))
    assert [row.a for row in found.get_iter(batch_size=2)] == [0, 1, 2, 3, 4]
    assert [row.a for row in found.get_iter(filters=[("a", ">", 2)])] == [3, 4]


@pytest.mark.parametrize("kind", ["csv", "parquet"], indirect=True)
def test_dask_reads_in_parts(kind: str, url: str) -> None:
    for package in ("dask", "pyarrow"):
        pytest.importorskip(package, reason="pip install 'whence[dask,parquet]'")
    found = driver(kind)(url, engine="dask")
    assert type(found.get_df()).__module__.startswith("dask")
    assert found.get_df()["a"].sum().compute() == 10
    assert [row.a for row in found.get_iter()] == [0, 1, 2, 3, 4]


def test_a_sheet(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl", reason="pip install 'whence[excel]'")
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        FRAME.to_excel(book, index=False)
        FRAME[::-1].to_excel(book, sheet_name="other", index=False)
    found = driver("excel")(str(tmp_path / "t.xlsx"))
    assert found.get_df(sheet_name="other")["a"].tolist() == [4, 3, 2, 1, 0]
    assert list(found.get_df(sheet_name=None)) == ["Sheet1", "other"]
    with pytest.raises(UserError, match="not read as one table"):
        found.get_iter(sheet_name=None).collect()
    for sheet in ("none", 7):
        with pytest.raises(UserError, match="not as its driver wants it"):
            found.get_df(sheet_name=sheet)


def test_what_is_no_table_is_told(kind: str, url: str, tmp_path: Path) -> None:
    data = Path(url.removeprefix("file://")).read_bytes()
    for number, bad in enumerate((b"", data[: len(data) // 2], b"PK\x03\x04" + bytes(40))):
        path = tmp_path / f"bad{number}"
        path.write_bytes(bad)
        if kind == "csv" and number:
            continue  # half of a text, and any bytes, are a text
        with pytest.raises(UserError, match=r"not as its driver wants it|cannot read"):
            driver(kind)(str(path)).get_df()
    with pytest.raises(UserError, match="cannot read"):
        driver(kind)(str(tmp_path / "none")).get_df()
    with pytest.raises(UserError, match="What does is pandas"):
        driver(kind)(url, engine="spark")


def test_what_to_install_is_told(kind: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package = NEEDED[kind]
    if package is None:
        package, made = "dask", driver(kind)(url, engine="dask")
        monkeypatch.setitem(sys.modules, "dask", None)
    else:
        made = driver(kind)(url, engine="pandas")
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'whence\["):
        made.get_df()
