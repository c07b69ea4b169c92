"""The lifecycle's table, pair by pair."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from shared.domain.errors import IllegalMove
from shared.domain.lifecycle import MOVES, Lease, Move, State, moved, sources


@pytest.mark.parametrize(("state", "move"), product(State, Move))
def test_every_pair_is_a_move_or_refused(state: State, move: Move) -> None:
    if (state, move) in MOVES:
        assert moved(state, move) is MOVES[state, move]
        assert state in sources(move)
    else:
        assert state not in sources(move)
        with pytest.raises(IllegalMove, match=f"Cannot {move} a step that is {state}"):
            moved(state, move)


def test_nothing_leaves_an_end() -> None:
    assert {state for state in State if state.final} == set(State) - {s for s, _ in MOVES}


def test_every_state_can_be_reached() -> None:
    reached = {State.WAITING}
    for _ in State:
        reached |= {after for (before, _), after in MOVES.items() if before in reached}
    assert reached == set(State)


def test_a_renewed_lease_is_the_same_attempt() -> None:
    now, term = datetime.now(UTC), timedelta(seconds=15)
    lease = Lease("w", 3, now).renewed(now, term)
    assert (lease.worker, lease.attempt, lease.expires) == ("w", 3, now + term)
