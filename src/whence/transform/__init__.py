"""Operations, the graph of their uses, its evaluation, and the cache of its results."""

from __future__ import annotations

from whence.transform.cache import Cache, DiskCache, MemoryCache, TieredCache
from whence.transform.evaluate import NodeReport, Results
from whence.transform.graph import Graph, Step
from whence.transform.node import MISSING, Node, Rule
from whence.transform.operation import (
    Operation,
    described_operations,
    find_operation,
    is_operation,
    operations,
    register_operation,
)
from whence.transform.parse import Sections, build_graph
from whence.transform.place import Place, Spot
from whence.transform.recorder import Recorder
from whence.transform.reference import (
    DagNode,
    DagPrev,
    DagTag,
    KeywordArg,
    PositionalArg,
    ResultTag,
    fill_results,
    references,
    yaml_tags,
)
from whence.transform.witness import Witness

__all__ = [
    "MISSING",
    "Cache",
    "DagNode",
    "DagPrev",
    "DagTag",
    "DiskCache",
    "Graph",
    "KeywordArg",
    "MemoryCache",
    "Node",
    "NodeReport",
    "Operation",
    "Place",
    "PositionalArg",
    "Recorder",
    "ResultTag",
    "Results",
    "Rule",
    "Sections",
    "Spot",
    "Step",
    "TieredCache",
    "Witness",
    "build_graph",
    "described_operations",
    "fill_results",
    "find_operation",
    "is_operation",
    "operations",
    "references",
    "register_operation",
    "yaml_tags",
]
