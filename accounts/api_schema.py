"""The API's own description, with the scope that each operation needs."""

from drf_spectacular.openapi import AutoSchema


class ScopedSchema(AutoSchema):
    """What is generated, and a line below it."""

    def get_description(self) -> str:  # type: ignore[override]  # its stub names arguments that it is not given
        from accounts.api_authentication import scope_for  # it imports views, which import this module by its setting

        scope = scope_for(self.view, self.method)
        words = super().get_description()
        return f"{words}\n\nScope of a token with limits: `{scope}`." if scope else words
