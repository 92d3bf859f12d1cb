"""Where `whence.artifacts` kept its deposits before: the names are there now."""

from whence.artifacts import Deposit, facts_of, place

__all__ = ["Deposit", "facts_of", "place"]
