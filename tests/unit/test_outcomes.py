"""What becomes of a step, for each way in which an attempt can end."""

from datetime import timedelta

import pytest

from shared.domain.errors import Crashed
from shared.domain.lifecycle import Move
from shared.domain.outcomes import (
    Agreed,
    Broke,
    Disagreed,
    Limit,
    Outcome,
    Overran,
    Produced,
    Refused,
    Stopped,
    fault_of,
    verdict,
)

FAULT = Crashed("It died.").fault


@pytest.mark.parametrize(
    ("outcome", "move", "faulty"),
    [
        (Produced(None, {}), Move.FINISH, False),
        (Agreed({}), Move.FINISH, False),
        (Disagreed(FAULT, {}), Move.FAIL, True),
        (Refused(FAULT), Move.FAIL, True),
        (Overran(Limit.TIME, FAULT, timedelta(1)), Move.FAIL, True),
        (Stopped(), Move.CANCEL, False),
    ],
)
def test_a_models_fault_is_never_tried_again(outcome: Outcome, move: Move, faulty: bool) -> None:  # noqa: FBT001 - a parameter of the table
    assert verdict(outcome, 0) is verdict(outcome, 5) is move
    assert (fault_of(outcome) is FAULT) is faulty


def test_a_machines_fault_is_as_long_as_there_are_attempts() -> None:
    assert verdict(Broke(FAULT), 1) is Move.RETRY
    assert verdict(Broke(FAULT), 0) is Move.FAIL
    assert fault_of(Broke(FAULT)) is FAULT
