"""A free port is free until its server takes it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from modelferry.embedded.ports import LOOPBACK, free_port

DRAWS = 500


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as sockets:
        yield sockets


def test_no_port_is_given_twice() -> None:
    ports = [free_port() for _ in range(DRAWS)]
    assert len(set(ports)) == DRAWS


def test_a_program_that_asks_for_any_port_is_not_given_it(opened: ExitStack) -> None:
    ports = {free_port() for _ in range(DRAWS)}
    for _ in range(DRAWS):
        other = opened.enter_context(socket.socket())
        other.bind((LOOPBACK, 0))
        assert other.getsockname()[1] not in ports


def test_its_server_takes_it_and_takes_it_again(opened: ExitStack) -> None:
    port = free_port()
    for _ in range(2):
        with socket.create_server((LOOPBACK, port)) as server:
            socket.create_connection((LOOPBACK, port)).close()
            server.accept()[0].close()


def test_nothing_answers_before_its_server_listens() -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, free_port()))
