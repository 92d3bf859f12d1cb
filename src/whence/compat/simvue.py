"""`simvue`, as far as its documents on artifacts go, as whence has it.

>>> from whence.compat.simvue import Client, Run
>>> with Run() as run:  # doctest: +SKIP
...     run.init("run2")
...     run.save_directory("data", category="input")
"""

from whence.app.client import Client
from whence.runs import Run

__all__ = ["Client", "Run"]
