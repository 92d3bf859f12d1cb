"""Named content, attached to runs."""

from whence.artifacts.sink import Sink, attach

__all__ = ["Sink", "attach"]
