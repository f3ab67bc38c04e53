"""Markers in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope, signed_in_user
from chat.markers import check_may_mark
from common.errors import NotThere
from streaming.limits import MARKER_MAX
from streaming.lookup import get_stream
from streaming.models import BroadcastNote
from streaming.services import add_marker


class NewMarkerSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=MARKER_MAX, help_text="What happens here, in a few words.")


class MarkerSerializer(serializers.ModelSerializer[BroadcastNote]):
    class Meta:
        model = BroadcastNote
        fields = ("at", "text")


@extend_schema(request=NewMarkerSerializer, responses={201: MarkerSerializer})
@needs_scope("channel:manage:broadcast")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def stream_markers(request: Request, name: str) -> Response:
    """Mark this moment of a running broadcast: a chapter of its recording begins here. For streamer and moderators."""
    channel, broadcast = get_stream(name)
    check_may_mark(room=channel, actor=signed_in_user(request))
    if broadcast is None:
        raise NotThere("This channel has not been on air yet.", code="offline")
    wanted = NewMarkerSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    return Response(MarkerSerializer(add_marker(broadcast=broadcast, **wanted.validated_data)).data, status=201)
