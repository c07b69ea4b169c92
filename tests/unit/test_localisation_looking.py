"""Looking: what fails there does not take the disagreement with it, and does not fail unsaid."""

from typing import Any, cast

from shared.domain.errors import AccuracyMismatch
from shared.domain.orders import DisagreedNote
from workers.localisation.looking import looked_into


class Sourceless:
    """Has no runs of the source that could be looked at, and no models either."""

    runs = ()


def test_a_search_that_breaks_is_told_beside_the_disagreement() -> None:
    note = DisagreedNote(fault=AccuracyMismatch("Output 'y' is off.").fault, report={"a": 1})
    nothing = cast("Any", None)
    kept = cast("Any", Sourceless())
    told = looked_into(note, kept, nothing, nothing, lambda *_: None)
    assert told.fault.code == "accuracy_mismatch"
    assert told.fault.detail.startswith("Output 'y' is off. Looking for where it goes wrong ended")
    assert told.report == {"a": 1}
