"""`whence show` with metrics."""

import math

import numpy as np
import pytest

from whence.runs import Run
from whence.store import Store


@pytest.fixture
def melt(whence, monkeypatch):
    """The record of a run with metrics of every kind."""
    monkeypatch.setenv("WHENCE_CACHE", str(whence.cache))
    run = Run(Store.create(whence.cwd))
    run.config(disable_resources_metrics=True)
    run.init("melt")
    run.set_metric_units("energy", "kJ/mol")
    for i in range(80):
        run.log_metrics({"energy": -1.0 / (i + 1), "wave": math.sin(i / 10)}, timestamp=float(i))
    run.log_metrics({"rate": math.nan, "field": np.zeros((2, 2))}, timestamp=7.0)
    run.close()
    run.store.writer().close()
    return whence


def rows(text: str) -> list[str]:
    return [row.rstrip() for row in text.splitlines() if not row.startswith("resources/")]


def test_the_page_draws_their_course(melt):
    page = rows(melt("show", "melt").stdout)
    (energy,) = [row for row in page if row.startswith("energy")]
    assert energy.split() == [
        "energy",
        "▁▅▆▇▇▇▇" + "█" * 33,
        "-0.0125",
        "kJ/mol",
        *["-1", "to", "-0.0125,", "80", "values"],
    ]
    assert "field   1 arrays" in page
    assert [row.split()[-4:] for row in page if row.startswith("rate")] == [
        ["to", "nan,", "1", "values"]
    ]


def test_the_table_tells_figures(melt):
    assert rows(melt("show", "melt", "--metrics").stdout) == [
        "metric     count       last  step         min        max      average  unit",
        "energy        80    -0.0125    79          -1    -0.0125  -0.06206849  kJ/mol",
        "wave          80  0.9989413    79  -0.9999233  0.9995736    0.1368847",
        "rate           1        nan    80         nan        nan          nan",
        "field   1 arrays",
    ]


def test_json_tells_counts_and_last_values(melt):
    told = melt.json("show", "melt")["metrics"]
    assert told["energy"] == {
        "count": 80,
        "arrays": 0,
        "unit": "kJ/mol",
        "min": -1.0,
        "max": -0.0125,
        "average": pytest.approx(-0.0620684905),
        "last": -0.0125,
        "step": 79,
        "timestamp": "1970-01-01T00:01:19.000000Z",
    }
    assert told["rate"]["last"] == {"$float": "nan"}
    assert told["field"] == {"count": 0, "arrays": 1, "unit": None}


def test_a_run_without_any_says_so(whence):
    whence("init")
    whence("run", "--name", "quiet", "--", "true")
    done = whence("show", "quiet", "--metrics")
    assert not rows(done.stdout) or "resources" in done.stdout
    assert "metrics" in whence.json("show", "quiet")
