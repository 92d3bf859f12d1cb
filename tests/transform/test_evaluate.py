import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xarray as xr

from whence.base.error import UserError
from whence.testing.operation import Counting
from whence.transform import (
    DiskCache,
    Graph,
    MemoryCache,
    Rule,
    Step,
    TieredCache,
    register_operation,
)


def chain(graph, *, x=1, factor=3, last=10):
    """(x + 2) * factor, and from it two results."""
    leaf = graph.leaf(x, f"x={x}")
    added = graph.add("c.add", [leaf, 2])
    scaled = graph.add("c.mul", [added, factor])
    graph.add("c.add", [scaled, last], step=Step(tag="sum"))
    graph.add("c.neg", [scaled], step=Step(tag="negative"))
    return graph


@pytest.fixture(params=["memory", "disk", "both"])
def cache(request, tmp_path):
    memory, disk = MemoryCache(), DiskCache(tmp_path / "cache")
    yield {"memory": memory, "disk": disk, "both": TieredCache(memory, disk)}[request.param]
    disk.close()


def statuses(results):
    return sorted(line.status for line in results.report)


def test_the_second_evaluation_computes_nothing(calls, cache):
    assert dict(chain(Graph()).evaluate(cache=cache)) == {"sum": 19, "negative": -9}
    assert calls.taken() == {"add": 2, "mul": 1, "neg": 1}
    results = chain(Graph()).evaluate(cache=cache)
    assert dict(results) == {"sum": 19, "negative": -9}
    assert calls.taken() == {}
    assert statuses(results) == ["cached", "cached"]


@pytest.mark.parametrize(
    ("change", "computed"),
    [
        ({"x": 2}, {"add": 2, "mul": 1, "neg": 1}),
        ({"factor": 4}, {"add": 1, "mul": 1, "neg": 1}),
        ({"last": 11}, {"add": 1}),
    ],
)
def test_a_change_computes_exactly_what_depends_on_it(calls, cache, change, computed):
    chain(Graph()).evaluate(cache=cache)
    calls.clear()
    expected = dict(chain(Graph(), **change).evaluate())
    calls.clear()
    assert dict(chain(Graph(), **change).evaluate(cache=cache)) == expected
    assert calls.taken() == computed


def test_an_edited_operation_computes_exactly_what_depends_on_it(calls, cache):
    chain(Graph()).evaluate(cache=cache)
    calls.clear()

    def mul(x, y):
        calls["new mul"] += 1
        return x * y + 1

    register_operation(Counting(mul, version=2), "c.mul", overwrite_existing=True)
    assert dict(chain(Graph()).evaluate(cache=cache)) == {"sum": 20, "negative": -10}
    assert calls.taken() == {"new mul": 1, "add": 1, "neg": 1}


def test_nothing_above_a_cached_result_is_read(calls, cache):
    reads = []

    def graph():
        made = Graph()
        leaf = made.read(lambda: reads.append(1) or 5, "five")
        made.add("c.neg", [leaf], step=Step(tag="y"))
        return made

    assert graph().evaluate(cache=cache)["y"] == -5
    assert graph().evaluate(cache=cache)["y"] == -5
    assert len(reads) == 1


def test_only_what_is_asked_for_is_computed(calls):
    assert dict(chain(Graph()).evaluate(["negative"])) == {"negative": -9}
    assert calls.taken() == {"add": 1, "mul": 1, "neg": 1}


def test_equal_nodes_are_one(calls):
    graph = chain(Graph())
    size = len(graph)
    chain_again = graph.add("c.add", [graph.leaf(1, "x=1"), 2])
    assert len(graph) == size
    graph.tag("again", chain_again)
    assert graph.evaluate()["again"] == 3
    assert calls.taken() == {"add": 2, "mul": 1, "neg": 1}


def test_salt_makes_another_node():
    graph = Graph()
    plain = graph.add("add", [1, 2])
    salted = graph.add("add", [1, 2], step=Step(rule=Rule(salt=1)))
    assert plain.key != salted.key
    assert plain is graph.add("add", [1, 2], step=Step(rule=Rule(cached=False)))


def test_a_long_chain_needs_no_recursion():
    graph = Graph()
    node = graph.leaf(0, "zero")
    for _ in range(5000):
        node = graph.add("add", [node, 1])
    graph.tag("end", node)
    assert graph.evaluate()["end"] == 5000


def test_intermediate_results_are_let_go():
    alive = []

    class Big:
        def __init__(self, n):
            self.n = n
            alive.append(n)

        def __del__(self):
            alive.remove(self.n)

    most = []

    def grow(big):
        most.append(len(alive))
        return Big(big.n + 1)

    graph = Graph()
    node = graph.add("call", [Counting(Big), 0])
    for _ in range(20):
        node = graph.add("call", [Counting(grow), node])
    graph.tag("end", node)
    assert graph.evaluate()["end"].n == 20
    assert max(most) <= 2


def test_arguments_in_containers_are_filled_and_never_shared():
    def spoil(items):
        items.append(1)
        return len(items)

    graph = Graph()
    one = graph.leaf(1, "one")
    literal = [0]
    for tag in ("a", "b"):
        step = Step(tag=tag, rule=Rule(salt=tag))
        graph.add("call", [Counting(spoil), literal], step=step)
    graph.add("define", [{"x": [one, (one, 2)]}], step=Step(tag="c"))
    assert dict(graph.evaluate()) == {"a": 2, "b": 2, "c": {"x": [1, (1, 2)]}}
    assert literal == [0]


def test_a_failure_says_what_where_and_on_what(calls, build):
    graph = build("transform:\n  - c.add: [1, 2]\n  - c.fail\n  - c.neg: !dag_prev\n    tag: y\n")
    with pytest.raises(UserError) as caught:
        graph.evaluate()
    assert str(caught.value) == (
        "plots.yml:3:5: 'c.fail' failed: ValueError: no luck today    (transform[1])\n"
        "     3 |   - c.fail\n"
        "       |     ^^^^^^\n"
        "  It was given: 3."
    )
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_failure_shows_shapes_and_no_content():
    graph = Graph()
    array = xr.DataArray(np.zeros((1000, 3)), dims=("time", "x"))
    node = graph.leaf(array, "zeros")
    graph.add(".mean", [node, "y"], {"skipna": True}, step=Step(tag="m"))
    with pytest.raises(UserError) as caught:
        graph.evaluate()
    text = str(caught.value)
    assert "'.mean' failed: ValueError:" in text
    assert "DataArray float64 (time: 1000, x: 3), 'y', skipna=True" in text
    assert len(text) < 500


@pytest.mark.parametrize("workers", [None, 2])
def test_a_fallback_stands_in_for_what_fails(calls, cache, build, workers):
    text = """
    transform:
      - c.fail: 1
      - c.add: [!dag_prev , 1]
        allow_failure: silent
        fallback: 7
      - c.neg: !dag_prev
        tag: y
    """
    pool = ThreadPoolExecutor(workers) if workers else None
    for _ in range(2):  # what rests on a fallback is not cached
        results = build(text).evaluate(cache=cache, executor=pool)
        assert results["y"] == -7
        assert statuses(results) == ["computed", "used_fallback"]
        assert calls.taken() == {"fail": 1, "neg": 1}
    if pool:
        pool.shutdown()


def test_a_fallback_may_be_another_result_and_warn(calls, build):
    text = """
    define: {spare: [{c.add: [1, 1]}]}
    transform:
      - c.fail: 1
        allow_failure: warn
        fallback: !dag_tag spare
        tag: y
    """
    with pytest.warns(UserWarning, match=r"used the fallback: .*'c.fail' failed"):
        assert build(text).evaluate(["y"])["y"] == 2


@pytest.mark.parametrize("fails", [False, True])
def test_side_by_side_gives_the_same(calls, fails):
    meeting = threading.Barrier(2, timeout=120)

    def meet(x):
        meeting.wait()
        return x

    graph = Graph()
    both = [graph.add("call", [Counting(meet), n]) for n in (1, 2)]
    total = graph.add("c.add", both, step=Step(tag="total"))
    if fails:
        graph.add("c.fail", [total], step=Step(tag="broken"))
    with ThreadPoolExecutor(2) as pool:
        if fails:
            with pytest.raises(UserError, match="no luck"):
                graph.evaluate(executor=pool)
        else:
            assert graph.evaluate(executor=pool)["total"] == 3


def test_progress_and_report_tell_every_node(calls, cache):
    told = []
    results = chain(Graph()).evaluate(cache=cache, progress=lambda *step: told.append(step))
    assert [(done, total) for done, total, _ in told] == [(n, 5) for n in range(1, 6)]
    assert statuses(results) == ["computed"] * 4 + ["read"]
    last = results.report[-1]
    assert (last.tags, last.kept, last.why) == (("negative",), True, "was not cached")
    assert last.seconds >= 0


def test_what_cannot_be_kept_exactly_is_computed_again(tmp_path, calls):
    cache = DiskCache(tmp_path)
    for _ in range(2):
        graph = Graph()
        graph.add("call", [object], step=Step(tag="thing"))
        (line,) = graph.evaluate(cache=cache).report
        assert (line.status, line.kept, line.why) == ("computed", False, "cannot be kept exactly")
    cache.close()


def test_unknown_tags_offer_the_near_ones(calls):
    with pytest.raises(UserError, match="no result tagged 'summ'\n  Did you mean 'sum'"):
        chain(Graph()).evaluate(["summ"])


def test_an_argument_without_identity_is_refused(tmp_path):
    with (
        (tmp_path / "x").open("w") as file,
        pytest.raises(UserError, match=r"type _io.TextIOWrapper has no content to know it by"),
    ):
        Graph().add("define", [file])


def test_ctrl_c_that_comes_just_before_the_waiting_is_heard():
    """Python takes note of it then, as of one that another thread gets, but nothing wakes it."""
    begun, free = threading.Event(), threading.Event()

    def work():
        begun.set()
        free.wait(120)

    def tell():
        begun.wait(120)
        time.sleep(0.2)  # it is waiting by then
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    def evaluated(pool):
        threading.Thread(target=tell).start()
        graph.evaluate(executor=pool)

    graph = Graph()
    graph.add("call", [work], step=Step(tag="worked"))
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(KeyboardInterrupt):
            evaluated(pool)
        free.set()


def test_seconds_are_those_of_the_operation():
    graph = Graph()
    graph.add("call", [time.sleep, 0.02], step=Step(tag="slept"))
    before = time.perf_counter()
    (line,) = graph.evaluate().report
    assert 0.02 <= line.seconds <= time.perf_counter() - before


def test_an_operation_that_changes_what_it_was_given_corrupts_no_cache(cache):
    def grow(x):
        x += 1
        return x.sum()

    register_operation(grow, "c.grow", overwrite_existing=True)

    def results():
        graph = Graph()
        made = graph.add("np.zeros", [3], step=Step(tag="zeros"))
        graph.add("c.grow", [made], step=Step(tag="grown"))
        return graph

    results().evaluate(["grown"], cache=cache)
    assert results().evaluate(["zeros"], cache=cache)["zeros"].tolist() == [0, 0, 0]
    results().evaluate(["zeros"], cache=cache)["zeros"][:] = 5
    assert results().evaluate(["zeros"], cache=cache)["zeros"].tolist() == [0, 0, 0]
