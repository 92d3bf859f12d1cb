"""Named content, attached to runs."""

from whence.artifacts.content import open_content
from whence.artifacts.deposit import Deposit, Label, Mode, facts_of, place
from whence.artifacts.fetch import Fetched, Request, fetch, two_meanings
from whence.artifacts.meter import Progress
from whence.artifacts.save import (
    Manner,
    Owner,
    preserved,
    save_all,
    save_directory,
    save_file,
    save_object,
)
from whence.artifacts.sink import Sink, attach

__all__ = [
    "Deposit",
    "Fetched",
    "Label",
    "Manner",
    "Mode",
    "Owner",
    "Progress",
    "Request",
    "Sink",
    "attach",
    "facts_of",
    "fetch",
    "open_content",
    "place",
    "preserved",
    "save_all",
    "save_directory",
    "save_file",
    "save_object",
    "two_meanings",
]
