"""What the player of a recording tells the site: that it is watched, and how far its viewer is."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes, throttle_classes
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.api_authentication import needs_scope, signed_in_user
from accounts.models import User
from common.errors import NotAllowed
from vod.services import vod_for_viewer
from vod.view_counts import note_view
from vod.watch_positions import keep_position, position_of


class ViewSerializer(serializers.Serializer[Any]):
    counted = serializers.BooleanField(help_text="False for reloads and for programs.")


class PositionSerializer(serializers.Serializer[Any]):
    seconds = serializers.FloatField(min_value=0, help_text="From the beginning.")


@extend_schema(request=None, responses=ViewSerializer)
@needs_scope("read")
@api_view(["POST"])
@permission_classes([AllowAny])
@throttle_classes([])  # `note_view` counts by network, for all at once
def video_views(request: Request, video_id: str) -> Response:
    """Tell that a recording has been playing for some seconds. One viewer counts once in some hours."""
    _check_origin(request)
    vod = vod_for_viewer(public_id=video_id, viewer=request.user)
    counted = note_view(
        vod=vod,
        user=request.user if isinstance(request.user, User) else None,
        address=BaseThrottle().get_ident(request),
        user_agent=request.headers.get("User-Agent", ""),
    )
    return Response(ViewSerializer({"counted": counted}).data)


@extend_schema(methods=["GET"], responses=PositionSerializer)
@extend_schema(methods=["PUT"], request=PositionSerializer, responses=PositionSerializer)
@needs_scope("read")
@api_view(["GET", "PUT"])
@permission_classes([IsAuthenticated])
def video_position(request: Request, video_id: str) -> Response:
    """How far you were in a recording."""
    user = signed_in_user(request)
    vod = vod_for_viewer(public_id=video_id, viewer=user)
    if request.method == "GET":
        return Response(PositionSerializer({"seconds": position_of(user=user, vod=vod)}).data)
    sent = PositionSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    position = keep_position(user=user, vod=vod, seconds=sent.validated_data["seconds"])
    return Response(PositionSerializer({"seconds": position.seconds}).data)


def _check_origin(request: Request) -> None:
    """Browsers say whose page asks. Who is not signed in has no CSRF token that could prove it."""
    origin = request.headers.get("Origin")
    if origin is not None and origin not in {settings.SITE_URL, f"{request.scheme}://{request.get_host()}"}:
        raise NotAllowed("Only this site's own player can tell of views.")
