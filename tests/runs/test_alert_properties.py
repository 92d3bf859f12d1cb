"""A window kept up value by value says what all its values say together."""

import math

from hypothesis import given
from hypothesis import strategies as st

from whence.runs.alert import MetricRule, alert_of, metric_alert
from whence.runs.watch import Window

rules = st.sampled_from(["is above", "is below", "is inside range", "is outside range"])
aggregations = st.sampled_from(["average", "sum", "at least one", "all"])
numbers = st.integers(-1000, 1000).map(float)


@st.composite
def cases(draw):
    low, high = sorted([draw(numbers), draw(numbers)])
    rule = draw(rules)
    if rule in ("is above", "is below"):
        high = low
    made = MetricRule("x", rule, low, high, 1.0, 0.0, draw(aggregations))
    steps = draw(st.lists(st.tuples(st.integers(0, 40), numbers), min_size=1, max_size=40))
    return made, steps


def judged(rule, values):
    if rule.aggregation == "at least one":
        return any(rule.violates(value) for value in values)
    if rule.aggregation == "all":
        return all(rule.violates(value) for value in values)
    total = math.fsum(values)
    return rule.violates(total / len(values) if rule.aggregation == "average" else total)


@given(cases())
def test_a_window_says_what_its_values_say(case):
    rule, steps = case
    window, now, kept = Window(rule), 1e9, []
    for gap, value in steps:
        now += gap
        kept = [(at, old) for at, old in [*kept, (now, value)] if at >= now - 60.0]
        assert window.add(now, value) == judged(rule, [old for _, old in kept])


@given(cases(), st.text("ab ", min_size=1).filter(str.strip), st.booleans())
def test_a_definition_comes_back_with_the_same_id(case, name, abort):
    rule, _ = case
    choices = {"aggregation": rule.aggregation, "trigger_abort": abort, "window": rule.window}
    alert = metric_alert(name, "x", rule.rule, (rule.low, rule.high), choices)
    again = alert_of(alert.as_dict())
    assert again == alert
    assert again.id == alert.id
    assert len(alert.id) == 22
