"""Raids and hosting in the API."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope, signed_in_user
from common.errors import NotThere
from streaming.lookup import get_channel_for_owner
from streaming.models import Channel, Raid
from streaming.raids.hosting import audience_settings, hosted_logins, update_audience
from streaming.raids.serializers import AudienceSerializer, NewRaidSerializer, RaidSerializer
from streaming.raids.services import cancel_raid, hurry_raid, start_raid


@extend_schema(methods=["GET"], responses=RaidSerializer, operation_id="raids_running")
@extend_schema(methods=["POST"], request=NewRaidSerializer, responses={201: RaidSerializer})
@extend_schema(methods=["DELETE"], responses={204: None})
@needs_scope("channel:manage:raids")
@api_view(["GET", "POST", "DELETE"])
@permission_classes([IsAuthenticated])
def raids(request: Request) -> Response:
    """Your running raid: look, begin one, or call it off while it counts down."""
    user = signed_in_user(request)
    channel = _own(request)
    if request.method == "DELETE":
        cancel_raid(source=channel, actor=user)
        return Response(status=204)
    if request.method == "GET":
        raid = Raid.objects.running().for_pages().filter(source=channel).first()
        if raid is None:
            raise NotThere("No raid is under way.", code="no_raid")
        return Response(RaidSerializer(raid).data)
    wanted = NewRaidSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    to, seconds = wanted.validated_data["to"], wanted.validated_data.get("seconds")
    return Response(RaidSerializer(start_raid(source=channel, actor=user, login=to, seconds=seconds)).data, status=201)


@extend_schema(request=None, responses=RaidSerializer)
@needs_scope("channel:manage:raids")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def raids_now(request: Request) -> Response:
    """Send the viewers without waiting for the end of the count-down."""
    raid = hurry_raid(source=_own(request), actor=signed_in_user(request))
    raid.refresh_from_db()
    return Response(RaidSerializer(raid).data)


@extend_schema(methods=["GET"], responses=AudienceSerializer)
@extend_schema(methods=["PATCH"], request=AudienceSerializer, responses=AudienceSerializer)
@needs_scope("channel:manage:raids")
@api_view(["GET", "PATCH"])
@permission_classes([IsAuthenticated])
def channel_audience(request: Request, login: str) -> Response:
    """Whose raids your channel takes, who may host it, and whom it hosts when it is offline."""
    user = signed_in_user(request)
    channel = get_channel_for_owner(login, user)
    if request.method == "PATCH":
        changes = AudienceSerializer(data=request.data, partial=True)
        changes.is_valid(raise_exception=True)
        update_audience(channel=channel, actor=user, **changes.validated_data)
    chosen = audience_settings(channel=channel)
    fields = {name: getattr(chosen, name) for name in AudienceSerializer.Meta.fields if name != "hosts"}
    return Response(AudienceSerializer({**fields, "hosts": hosted_logins(channel=channel)}).data)


def _own(request: Request) -> Channel:
    return get_channel_for_owner(signed_in_user(request).login, signed_in_user(request))
