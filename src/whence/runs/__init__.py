"""The live run and what it captures; the call key; external programs on record."""

from whence.artifacts import Deposit, facts_of
from whence.runs.callkey import Call, what_changed
from whence.runs.capture import code_artifacts, code_facts, main_code, surroundings
from whence.runs.code import Code, code_of_command, code_of_function, code_of_script
from whence.runs.fact import error_facts
from whence.runs.git import Checkout, checkout
from whence.runs.handler import Handler
from whence.runs.origin import Origin
from whence.runs.output import captured
from whence.runs.process import Outcome, ProcessOptions, record_process
from whence.runs.reading import Reading, hearing
from whence.runs.run import Run

__all__ = [
    "Call",
    "Checkout",
    "Code",
    "Deposit",
    "Handler",
    "Origin",
    "Outcome",
    "ProcessOptions",
    "Reading",
    "Run",
    "captured",
    "checkout",
    "code_artifacts",
    "code_facts",
    "code_of_command",
    "code_of_function",
    "code_of_script",
    "error_facts",
    "facts_of",
    "hearing",
    "main_code",
    "record_process",
    "surroundings",
    "what_changed",
]
