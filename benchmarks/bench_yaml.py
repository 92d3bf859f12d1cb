"""Ten thousand lines of YAML, with a position for every value, beside PyYAML's parser alone."""

from collections.abc import Iterator

import yaml as pyyaml
from pair import Pair

from whence.base import yaml

ENTRY = "  entry_{0}:\n    x: 0.{0}\n    name: item {0}\n    flag: true\n    list: [1, 2.5, a]\n"


def pairs() -> Iterator[Pair]:
    text = "top:\n" + "".join(ENTRY.format(i) for i in range(2000))
    yield Pair(
        "10,000 lines of YAML, beside the C parser's nodes alone",
        lambda: yaml.parse(text),
        lambda: pyyaml.compose(text, Loader=pyyaml.CSafeLoader),
        reach=2,
    )
