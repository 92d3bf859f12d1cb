"""Listen, for one user on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable

from whence.app import Workspace
from whence.base.error import MissingExtraError, UserError
from whence.server.api import make_app

HOST = "127.0.0.1"


def serve(workspace: Workspace, port: int, say: Callable[[str], object]) -> None:
    """Answer requests until Ctrl-C.

    It listens on the loopback address only: there are no tokens yet, so nobody else may ask.

    Parameters
    ----------
    workspace : Workspace
        What is served.
    port : int
        Where; 0 takes a free one.
    say : callable
        Told the address.

    Raises
    ------
    UserError
        If the port is taken.
    MissingExtraError
        If the packages of ``whence[server]`` are not installed.
    """
    try:
        import uvicorn
    except ImportError as error:
        raise MissingExtraError.needed("uvicorn", "server", "`whence serve`") from error
    app = make_app(workspace)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with listener:
        try:
            listener.bind((HOST, port))
            listener.listen(100)  # who reads the address may ask at once
        except OSError as error:
            raise UserError.of(
                "port-taken",
                f"cannot listen on port {port}: {error.strerror}",
                mend="Try --port 0.",
            ) from error
        place = f"http://{HOST}:{listener.getsockname()[1]}"
        say(f"{place}/api/runs  (the API: /openapi.json; Ctrl-C ends it)")
        config = uvicorn.Config(app, log_level="warning")
        uvicorn.Server(config).run(sockets=[listener])
