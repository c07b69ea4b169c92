"""What the chaos tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.support.yard import Yard


@pytest.fixture
def yard(settings: Settings, tmp_path: Path) -> Iterator[Yard]:
    quick = {"lease_term": 3.0, "heartbeat": 0.3, "sweep_interval": 0.3, "retry_backoff": 0.2}
    made = Yard(settings.model_copy(update=quick), tmp_path)
    yield made
    made.close()
