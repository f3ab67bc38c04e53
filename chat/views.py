"""Pictures of emotes and badges."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from chat.picture_store import CONTENT_TYPES, read_picture

TWITCH_KINDS = {"static": ("png",), "animated": ("gif",), "default": ("gif", "png")}
FOR_EVER = 31_536_000


@require_safe
@cache_control(public=True, max_age=FOR_EVER, immutable=True)
def picture(request: HttpRequest, name: str, scale: str, extension: str) -> HttpResponse:
    """One size of a picture; its name changes when the picture does."""
    return _picture(name, int(scale), (extension,))


@require_safe
@cache_control(public=True, max_age=FOR_EVER, immutable=True)
def twitch_picture(request: HttpRequest, name: str, kind: str, scale: str) -> HttpResponse:
    """The same at the address where clients of Twitch look for it."""
    return _picture(name, int(scale), TWITCH_KINDS[kind])


def _picture(name: str, scale: int, extensions: tuple[str, ...]) -> HttpResponse:
    for extension in extensions:
        content = read_picture(name, scale, extension)
        if content is not None:
            headers = {
                "Access-Control-Allow-Origin": "*",  # overlays and other people's clients show it too
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "X-Content-Type-Options": "nosniff",
            }
            return HttpResponse(content, content_type=CONTENT_TYPES[extension], headers=headers)
    raise Http404("There is no such picture.")
