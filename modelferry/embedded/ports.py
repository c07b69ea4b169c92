"""Free ports of the loopback, which stay free until the server that they are for takes them."""

import socket

LOOPBACK = "127.0.0.1"

_held: list[socket.socket] = []


def free_port() -> int:
    """A TCP port that nobody else is given for as long as this process lives.

    A port that was only looked at can be taken before its server binds to it: by the next look, or
    by any outgoing connection. So the port stays bound, by a socket that never listens. Servers
    that set SO_REUSEADDR (all of ours) may bind to it beside that socket, and again after they
    ended; the kernel gives it to nothing that asks for any free port.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((LOOPBACK, 0))
    _held.append(holder)
    return int(holder.getsockname()[1])
