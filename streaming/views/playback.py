"""Where to play a broadcast."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope
from streaming.lookup import get_stream, playback_of
from streaming.playback import Playback
from streaming.serializers import PlaybackSerializer


@extend_schema(responses=PlaybackSerializer)
@needs_scope("read")
@api_view(["GET"])
def stream_playback(request: Request, name: str) -> Response:
    """Signed addresses of a broadcast, by its id or its channel's login; 404 when offline, 410 when ended."""
    _channel, broadcast = get_stream(name)
    return playback_answer(request, playback_of(broadcast))


def playback_answer(request: Request, playback: Playback) -> Response:
    """The answer of every playback route. Not to be kept: the addresses expire."""
    answer = PlaybackSerializer(
        {
            "hls": request.build_absolute_uri(playback.hls),
            "dash": _absolute(request, playback.dash),
            "dvr": _absolute(request, playback.dvr),
            "dvr_seconds": playback.dvr_seconds,
            "storyboard": _absolute(request, playback.storyboard),
            "expires_at": playback.expires_at,
        }
    )
    return Response(answer.data, headers={"Cache-Control": "no-store"})


def _absolute(request: Request, path: str | None) -> str | None:
    return None if path is None else request.build_absolute_uri(path)
