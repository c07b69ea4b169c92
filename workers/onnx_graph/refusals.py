"""Refusals: what an operator's translation cannot do, said without knowing its node."""


class CannotTranslate(Exception):
    """Raised within a translation; the walker adds node, operator and version.

    `hint` says what to try instead.
    """

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
