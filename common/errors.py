"""What services raise when something cannot be done; the edge turns each into one answer."""


class DomainError(Exception):
    """Something asked for cannot be done; `text` is written for the one who asked."""

    code = "refused"

    def __init__(self, text: str, *, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code or self.code


class InvalidInput(DomainError):
    """What was sent cannot be accepted as it is."""

    code = "invalid"


class NotAllowed(DomainError):
    """The one who asks may not do this."""

    code = "not_allowed"


class NotThere(DomainError):
    """There is no such thing, or the one who asks may not know of it."""

    code = "not_found"


class Conflict(DomainError):
    """Something else is in the way."""

    code = "conflict"


class Gone(DomainError):
    """It was there once and will not come back."""

    code = "gone"


class TooMany(DomainError):
    """Asked too often. `retry_seconds`: after these it may be asked again; 0 where time alone does not help."""

    code = "too_many"

    def __init__(self, text: str, *, code: str | None = None, retry_seconds: int = 0) -> None:
        super().__init__(text, code=code)
        self.retry_seconds = retry_seconds
