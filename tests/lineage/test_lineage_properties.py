"""A walk against a plain model of it, and what holds of every drawing."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from whence.records import Lineage, Records
from whence.records.layer import layers
from whence.records.layout import arrange
from whence.records.sibling import grouped
from whence.store import Store

CATEGORIES = ("code", "input", "output")
_NUMBERS = iter(range(10**6))


def digest(number):
    return f"{number:064x}"


@st.composite
def histories(draw):
    """Which run has which content in which category: `(run, category, content)`."""
    triples = st.tuples(st.integers(0, 6), st.sampled_from(CATEGORIES), st.integers(0, 7))
    return sorted(draw(st.sets(triples, max_size=25)))


def put_on_record(store, history):
    """Gives runs ids of their own, as the store is used again and again."""
    ids = {run: f"r{next(_NUMBERS)}" for run in range(7)}
    first = 10 * next(_NUMBERS)
    writer = store.writer()
    for run, name in ids.items():
        writer.append("set", name, {"f": {"kind": "run", "name": f"run {run}", "created": 1.0}})
    for run, category, content in history:
        told = {"name": f"c{content}", "category": category, "digest": digest(first + content)}
        writer.append("artifact", ids[run], {**told, "type": "text/plain", "size": 1})
    return {(ids[run], category, digest(first + content)) for run, category, content in history}


def model(facts, root, depth, up):
    """The members and links, generation by generation, by going over all facts each time."""
    runs, contents = ({root}, set()) if root.startswith("r") else (set(), {root})
    near, far = (("code", "input"), ("output",)) if up else (("output",), ("code", "input"))
    links, seen, todo, generation = set(), set(runs | contents), set(contents), 0
    while True:
        own = {fact for fact in facts if fact[0] in runs and fact[1] in near}
        links |= own
        todo |= {fact[2] for fact in own} - seen
        seen |= {fact[2] for fact in own}
        if not todo or generation == depth:
            return seen, links
        generation += 1
        others = {fact for fact in facts if fact[2] in todo and fact[1] in far}
        links |= others
        runs = {fact[0] for fact in others} - seen
        seen |= runs
        todo = set()


def test_a_walk_is_what_the_model_says(tmp_path_factory):
    store = Store.create(tmp_path_factory.mktemp("store"))

    @settings(max_examples=60)
    @given(history=histories(), depth=st.none() | st.integers(0, 4), data=st.data())
    def check(history, depth, data):
        facts = put_on_record(store, history)
        if not facts:
            return
        roots = sorted({part for fact in facts for part in (fact[0], fact[2])})
        root = data.draw(st.sampled_from(roots))
        lineage = Lineage(Records(store), [root])
        for up in (True, False):
            found = lineage.upstream(depth) if up else lineage.downstream(depth)
            members, links = model(facts, root, depth, up)
            assert set(found.members) == members
            assert {(link.run, link.category, link.digest) for link in found.links} == links
            assert set(found.graph) == members
            assert len(found.rows()) == len(links)
            groups = grouped(found).groups
            assert sorted(name for group in groups for name in group.members) == sorted(members)
            column = {name: group.layer for group in groups for name in group.members}
            for name, member in found.members.items():
                assert column[name] % 2 == member.is_run
            assert found.members[root].name in found.text().splitlines()[0]

    check()
    store.writer().close()


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 12))
    nodes = [f"n{number}" for number in range(size)]
    pairs = st.tuples(st.sampled_from(nodes), st.sampled_from(nodes))
    edges = draw(st.sets(pairs, max_size=30))
    return nodes, sorted(edge for edge in edges if edge[0] != edge[1])


@given(graphs())
def test_every_edge_joins_two_columns_and_acyclic_ones_go_right(graph):
    import networkx as nx

    nodes, edges = graph
    column = layers(nodes, edges)
    assert set(column) == set(nodes)
    assert min(column.values()) == 0
    assert all(column[a] != column[b] for a, b in edges)
    if nx.is_directed_acyclic_graph(nx.DiGraph(edges)):
        assert all(column[a] < column[b] for a, b in edges)


@given(graphs())
def test_nothing_in_a_column_overlaps(graph):
    nodes, edges = graph
    column = layers(nodes, edges)
    layout = arrange(column, edges, box=50.0, bend=20.0)
    for number in set(column.values()):
        heights = sorted(layout.y[node] for node in nodes if column[node] == number)
        assert all(b - a > 50 - 1e-6 for a, b in pairwise(heights))
    for (a, b), bends in layout.bends.items():
        assert len(bends) == column[b] - column[a] - 1
    assert min(layout.y.values()) >= 25 - 1e-6 or layout.bends
