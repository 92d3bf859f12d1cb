"""The server: a thin face of the use cases. So far it answers what the command line answers."""

from whence.server.api import make_app
from whence.server.serve import serve

__all__ = ["make_app", "serve"]
