"""Channels and broadcasts in the API."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view, permission_classes, throttle_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import check_reauthenticated, needs_scope, signed_in_user
from common.api import PAGE_PARAMETERS, page_answer, page_schema
from common.api_throttles import SecretThrottle
from common.errors import NotThere
from streaming import channel_services
from streaming.broadcast_services import end_broadcast
from streaming.discovery import recommendations
from streaming.health import channel_health
from streaming.lookup import get_broadcast_for_owner, get_category, get_channel, get_channel_for_owner, get_stream
from streaming.models import Broadcast
from streaming.serializers import (
    ChannelChangesSerializer,
    ChannelSerializer,
    FollowSerializer,
    FollowWishSerializer,
    HealthSerializer,
    StreamKeySerializer,
    StreamSerializer,
)


@extend_schema(
    operation_id="streams_list",
    responses=page_schema(StreamSerializer),
    parameters=[OpenApiParameter("category", OpenApiTypes.STR, description="Slug"), *PAGE_PARAMETERS],
)
@needs_scope("read")
@api_view(["GET"])
def streams(request: Request) -> Response:
    """What is on air, most watched first."""
    on_air = Broadcast.objects.most_watched()
    if slug := request.query_params.get("category"):
        on_air = on_air.filter(category=get_category(slug))
    return page_answer(request, on_air, StreamSerializer)


@extend_schema(responses=StreamSerializer)
@needs_scope("read")
@api_view(["GET"])
def stream(request: Request, name: str) -> Response:
    """One broadcast, by its id or its channel's login."""
    _channel, broadcast = get_stream(name)
    if broadcast is None:
        raise NotThere("This channel has not been on air yet.", code="offline")
    return Response(StreamSerializer(broadcast).data)


@extend_schema(request=None, responses=StreamSerializer)
@needs_scope("channel:manage:broadcast")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def stream_end(request: Request, name: str) -> Response:
    """End your broadcast now; its encoder is disconnected."""
    broadcast = get_broadcast_for_owner(name, signed_in_user(request))
    end_broadcast(broadcast=broadcast, reason="The streamer ended it.")
    return Response(StreamSerializer(broadcast).data)


@extend_schema(methods=["GET"], responses=ChannelSerializer)
@extend_schema(methods=["PATCH"], request=ChannelChangesSerializer, responses=ChannelSerializer)
@needs_scope("read", changes="channel:manage:broadcast")
@api_view(["GET", "PATCH"])
def channel(request: Request, login: str) -> Response:
    """A channel; its owner may change title, about, category, tags and language."""
    if request.method == "GET":
        return Response(ChannelSerializer(get_channel(login)).data)
    found = get_channel_for_owner(login, signed_in_user(request))
    changes = ChannelChangesSerializer(data=request.data)
    changes.is_valid(raise_exception=True)
    channel_services.update_channel(channel=found, **changes.validated_data)
    return Response(ChannelSerializer(found).data)


@extend_schema(methods=["POST", "DELETE"], request=None, responses=FollowSerializer)
@extend_schema(methods=["PATCH"], request=FollowWishSerializer, responses={204: None})
@needs_scope("user:edit:follows")
@api_view(["POST", "DELETE", "PATCH"])
@permission_classes([IsAuthenticated])
def channel_follow(request: Request, login: str) -> Response:
    """Follow a channel, or stop following it; repeating changes nothing. PATCH: whether you hear that it is live."""
    found, user = get_channel(login), signed_in_user(request)
    if request.method == "PATCH":
        wish = FollowWishSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        channel_services.set_follow_notify(user=user, channel=found, notify=wish.validated_data["notify"])
        return Response(status=204)
    if request.method == "POST":
        channel_services.follow_channel(user=user, channel=found)
    else:
        channel_services.unfollow_channel(user=user, channel=found)
    found.refresh_from_db(fields=["follower_count"])
    answer = {"following": request.method == "POST", "follower_count": found.follower_count}
    return Response(FollowSerializer(answer).data)


@extend_schema(request=None, responses={204: None})
@needs_scope("user:edit:follows")
@api_view(["POST", "DELETE"])
@permission_classes([IsAuthenticated])
def channel_recommendation(request: Request, login: str) -> Response:
    """DELETE: do not recommend this channel to you any more. POST: do so again. Repeating either changes nothing."""
    found = get_channel(login)
    if request.method == "POST":
        recommendations.show_recommendation(user=signed_in_user(request), channel=found)
    else:
        recommendations.hide_recommendation(user=signed_in_user(request), channel=found)
    return Response(status=204)


@extend_schema(request=None, responses=StreamKeySerializer)
@needs_scope("channel:manage:stream_key")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
@throttle_classes([SecretThrottle])
def channel_stream_key(request: Request, login: str) -> Response:
    """Replace your stream key. The answer is the only place the new one is ever shown; the old one stops working.

    With a session instead of a token, the password must have been asked for lately: 403 `reauthenticate`.
    """
    check_reauthenticated(request)
    key = channel_services.rotate_stream_key(channel=get_channel_for_owner(login, signed_in_user(request)))
    return Response(StreamKeySerializer({"stream_key": key}).data, headers={"Cache-Control": "no-store"})


@extend_schema(responses=HealthSerializer)
@needs_scope("channel:manage:broadcast")
@api_view(["GET"])
@permission_classes([IsAuthenticated])
def channel_health_view(request: Request, login: str) -> Response:
    """What arrives from your encoder, and what is wrong with it."""
    found = get_channel_for_owner(login, signed_in_user(request))
    return Response(HealthSerializer(channel_health(channel=found)).data)
