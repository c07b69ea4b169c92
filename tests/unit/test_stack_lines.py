"""What `modelferry up` says of its worker."""

import pytest

from modelferry.stack import Stack


@pytest.mark.parametrize(
    ("queues", "what"),
    [
        (None, "CPU worker"),
        ("cpu", "CPU worker"),
        ("gpu", "GPU worker"),
        ("cpu, gpu", "CPU and GPU worker"),
    ],
)
def test_the_worker_is_called_what_it_is(tmp_path, queues, what):
    environ = {} if queues is None else {"MODELFERRY_WORKER_QUEUES": queues}
    assert Stack(tmp_path / "home", environ)._worker().what == what
