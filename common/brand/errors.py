"""What can be wrong with a brand, in one sentence each; a wrong setting stops the start."""


class BrandError(ValueError):
    """A name, colour, logo or page that cannot be used; the text says what to change."""
