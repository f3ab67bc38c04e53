"""Being counted as a viewer by requests: for native players, and for pages whose sockets are blocked."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view, permission_classes, throttle_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle

from accounts.api_authentication import needs_scope
from accounts.models import User
from common.errors import Gone, InvalidInput, NotThere
from common.network import neighbourhood
from streaming.audience.names import VIEWER_COOKIE, is_ours, new_token, viewer_of
from streaming.audience.viewers import note_viewer_now
from streaming.broadcast_states import BroadcastState
from streaming.limits import HEARTBEAT_SECONDS, VIEWER_TOKEN_MAX, WATCHING_BEATS_PER_MINUTE
from streaming.lookup import get_stream
from streaming.serializers import WatchingSerializer


class WatchingThrottle(SimpleRateThrottle):
    """Heartbeats, per address: a household's phones and televisions, not a farm of programs."""

    scope = "watching"
    rate = f"{WATCHING_BEATS_PER_MINUTE}/min"

    def get_cache_key(self, request: Request, view: object) -> str:
        near = neighbourhood(self.get_ident(request))
        return self.cache_format % {"scope": self.scope, "ident": near}


@extend_schema(request=WatchingSerializer, responses=WatchingSerializer)
@needs_scope("read")
@api_view(["POST"])
@permission_classes([AllowAny])
@throttle_classes([WatchingThrottle])
def stream_watching(request: Request, name: str) -> Response:
    """Count as a viewer for some seconds; say it again every `again_in` seconds, with the `viewer` of the answer."""
    channel, broadcast = get_stream(name)
    if broadcast is None or broadcast.started_at is None:
        raise NotThere("This channel is offline.", code="offline")
    if broadcast.state == BroadcastState.ENDED:
        raise Gone("This broadcast has ended.", code="ended")
    user_id = request.user.pk if isinstance(request.user, User) else None
    token = _token(request)
    viewer = viewer_of(user_id=user_id, token=token, address=WatchingThrottle().get_ident(request))
    counted = note_viewer_now(stream_id=broadcast.public_id, viewer=viewer)
    answer = {"viewer": token, "viewers": channel.viewer_count, "counted": counted, "again_in": HEARTBEAT_SECONDS}
    return Response(WatchingSerializer(answer).data, headers={"Cache-Control": "no-store"})


def _token(request: Request) -> str:
    """The one that was given to this viewer: in the cookie of a page, or in the body; else a new one."""
    given = request.data.get("viewer", "") if isinstance(request.data, dict) else None
    if not isinstance(given, str) or len(given) > VIEWER_TOKEN_MAX:
        raise InvalidInput("Send an object; its `viewer` is the one of the last answer.")
    given = given or request.COOKIES.get(VIEWER_COOKIE, "")
    return given if is_ours(given) else new_token()
