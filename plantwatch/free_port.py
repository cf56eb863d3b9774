"""Free TCP ports for a demo or a test."""

import socket


def free_port(preferred: int = 0) -> int:
    """``preferred`` if nobody listens there on 127.0.0.1, else a port that the system picks."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free TCP port on 127.0.0.1")
