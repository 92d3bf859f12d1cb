"""Named content, attached to runs."""

from whence.artifacts.deposit import Deposit, facts_of, place
from whence.artifacts.sink import Sink, attach

__all__ = ["Deposit", "Sink", "attach", "facts_of", "place"]
