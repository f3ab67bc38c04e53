"""Acts that forms are sent to, which are no pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def posted_from(page: str, *kept: str) -> Callable[[View], View]:
    """Only POST does it. Who comes by the address alone, such as from signing in again or with a tab of yesterday, is
    sent to the page with the form: the route `page`, with those of the view's arguments that are `kept`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, **arguments)
            if request.method in ("GET", "HEAD"):
                return HttpResponseRedirect(reverse(page, kwargs={name: arguments[name] for name in kept}))
            return HttpResponseNotAllowed(["POST"])

        return cast(View, answer)

    return decorate
