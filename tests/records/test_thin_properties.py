"""Laws of thinning out: few points, in order, and every extreme among them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from whence.records.thin import thinned

series = st.lists(st.floats(allow_infinity=False), min_size=1, max_size=200).map(np.array)


@given(series, st.integers(1, 50))
def test_points_are_few_rising_and_hold_the_extremes(values: np.ndarray, most: int) -> None:
    kept = thinned(values, values, most)
    assert len(kept) == len(values) if len(values) <= most else 1 <= len(kept) <= most
    assert np.all(np.diff(kept) > 0)
    assert kept[0] >= 0
    assert kept[-1] < len(values)
    if most >= 2 and not np.isnan(values).all():
        assert np.nanmin(values[kept]) == np.nanmin(values)
        assert np.nanmax(values[kept]) == np.nanmax(values)
    if most >= 4:
        assert (kept[0], kept[-1]) == (0, len(values) - 1)


@given(series, st.integers(2, 50))
def test_of_a_band_the_lowest_low_and_the_highest_high_stay(low: np.ndarray, most: int) -> None:
    low = np.nan_to_num(low)
    high = low + np.arange(len(low)) % 7
    kept = thinned(low, high, most)
    assert low[kept].min() == low.min()
    assert high[kept].max() == high.max()
