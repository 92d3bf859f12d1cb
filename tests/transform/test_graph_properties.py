import operator
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from whence.transform import Graph, MemoryCache, Step

OPERATIONS = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}
ARGUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def programs(draw):
    """Steps of an arithmetic program: operation, two operands that are constants or results."""
    steps = []
    for i in range(draw(st.integers(1, 25))):
        operand = st.tuples(st.just("value"), st.integers(-9, 9))
        if i:
            operand |= st.tuples(st.just("step"), st.integers(0, i - 1))
        steps.append((draw(st.sampled_from(sorted(OPERATIONS))), draw(operand), draw(operand)))
    return steps


def plainly(steps):
    results = []
    for name, *operands in steps:
        values = [number if kind == "value" else results[number] for kind, number in operands]
        results.append(OPERATIONS[name](*values))
    return results


def as_graph(steps, *, nested=False):
    graph, nodes = Graph(), []
    for i, (name, *operands) in enumerate(steps):
        args = [number if kind == "value" else nodes[number] for kind, number in operands]
        if nested:
            pair = graph.add("define", [{"pair": args}])
            args = [graph.add("recursive_getitem", [pair, ["pair", n]]) for n in (0, 1)]
        nodes.append(graph.add(name, args, step=Step(tag=f"t{i}")))
    return graph


@given(programs(), st.booleans())
def test_graphs_evaluate_like_python(steps, nested):
    results = as_graph(steps, nested=nested).evaluate()
    assert [results[f"t{i}"] for i in range(len(steps))] == plainly(steps)


@given(programs(), st.data())
def test_caches_and_pools_change_no_result(steps, data):
    expected = plainly(steps)
    cache = MemoryCache()
    with ThreadPoolExecutor(3) as pool:
        for executor in (None, pool):
            asked = data.draw(st.lists(st.integers(0, len(steps) - 1), unique=True))
            tags = [f"t{i}" for i in asked]
            results = as_graph(steps).evaluate(tags, cache=cache, executor=executor)
            assert dict(results) == {f"t{i}": expected[i] for i in asked}


@given(programs())
def test_keys_are_the_same_every_time_and_tell_values_apart(steps):
    one, other = as_graph(steps), as_graph(steps)
    assert {t: n.key for t, n in one.tags.items()} == {t: n.key for t, n in other.tags.items()}
    by_key = {}
    for i, value in enumerate(plainly(steps)):
        assert by_key.setdefault(one.tags[f"t{i}"].key, value) == value


@given(st.dictionaries(st.text(min_size=1), ARGUMENTS, min_size=2), st.randoms())
def test_the_order_of_keys_is_no_part_of_identity(kwargs, random):
    shuffled = list(kwargs.items())
    random.shuffle(shuffled)
    graph = Graph()
    assert graph.add("dict", [], kwargs) is graph.add("dict", [], dict(shuffled))
    assert graph.add("define", [kwargs]) is graph.add("define", [dict(shuffled)])


@given(ARGUMENTS, ARGUMENTS)
def test_equal_keys_are_equal_arguments(one, other):
    graph = Graph()
    same = graph.add("define", [one]) is graph.add("define", [other])
    assert same == (_told_apart(one) == _told_apart(other))


def _told_apart(value):
    """The value in a form whose equality also tells types apart, 1 from 1.0 from True."""
    if isinstance(value, dict):
        items = ((_told_apart(key), _told_apart(item)) for key, item in value.items())
        return ("dict", frozenset(items))
    if isinstance(value, list | tuple):
        return (type(value).__name__, *map(_told_apart, value))
    return (type(value).__name__, repr(value))
