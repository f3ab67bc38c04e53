"""Recordings in the API."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope, signed_in_user
from common.api import PAGE_PARAMETERS, page_answer, page_schema
from streaming.lookup import get_channel
from streaming.playback import recording_playback
from streaming.serializers import PlaybackSerializer
from streaming.views.playback import playback_answer
from vod import services
from vod.cold_storage import check_at_hand, prepare_vod
from vod.models import Visibility, Vod


class VideoSerializer(serializers.ModelSerializer[Vod]):
    """A recording as anyone who may watch it sees it."""

    id = serializers.CharField(source="public_id")
    channel = serializers.CharField(source="channel.owner.login")
    url = serializers.CharField(source="get_absolute_url")

    class Meta:
        model = Vod
        fields = (
            "id",
            "channel",
            "title",
            "description",
            "duration_seconds",
            "visibility",
            "view_count",
            "created_at",
            "url",
        )


class VideoChangesSerializer(serializers.Serializer[Any]):
    """What an owner may change."""

    title = serializers.CharField(required=False, allow_blank=True)
    description = serializers.CharField(required=False, allow_blank=True)
    visibility = serializers.ChoiceField(required=False, choices=Visibility.choices)


@extend_schema(
    operation_id="videos_list",
    responses=page_schema(VideoSerializer),
    parameters=[OpenApiParameter("channel", OpenApiTypes.STR, description="Login"), *PAGE_PARAMETERS],
)
@needs_scope("read")
@api_view(["GET"])
def videos(request: Request) -> Response:
    """Public recordings, the newest first."""
    listed = Vod.objects.listed()
    if login := request.query_params.get("channel"):
        listed = listed.filter(channel=get_channel(login))
    return page_answer(request, listed, VideoSerializer)


@extend_schema(methods=["GET"], responses=VideoSerializer)
@extend_schema(methods=["PATCH"], request=VideoChangesSerializer, responses=VideoSerializer)
@extend_schema(methods=["DELETE"], responses={204: None})
@needs_scope("read", changes="channel:manage:videos")
@api_view(["GET", "PATCH", "DELETE"])
def video(request: Request, video_id: str) -> Response:
    """A recording; its owner may change title, description and visibility, or delete it."""
    if request.method == "GET":
        return Response(VideoSerializer(services.vod_for_page(public_id=video_id, viewer=request.user)).data)
    vod = services.vod_for_owner(public_id=video_id, owner=signed_in_user(request))
    if request.method == "DELETE":
        services.delete_vod(vod=vod)
        return Response(status=204)
    changes = VideoChangesSerializer(data=request.data)
    changes.is_valid(raise_exception=True)
    return Response(VideoSerializer(services.update_vod(vod=vod, **changes.validated_data)).data)


@extend_schema(request=None, responses=VideoSerializer)
@needs_scope("channel:manage:videos")
@api_view(["POST"])
def video_restore(request: Request, video_id: str) -> Response:
    """Bring a deleted recording back, as a private one; its owner can, for seven days."""
    return Response(VideoSerializer(services.restore_vod(public_id=video_id, owner=signed_in_user(request))).data)


@extend_schema(responses=PlaybackSerializer)
@needs_scope("read")
@api_view(["GET"])
def video_playback(request: Request, video_id: str) -> Response:
    """Signed addresses of a recording. A private one is only there for its owner; 403 when it is for subscribers; 409
    when it is in cold storage (code `cold`) or on its way back (`preparing`)."""
    vod = services.vod_for_viewer(public_id=video_id, viewer=request.user)
    check_at_hand(vod=vod)
    return playback_answer(request, recording_playback(vod.broadcast.public_id))


@extend_schema(request=None, responses={202: None})
@needs_scope("read")
@api_view(["POST"])
def video_prepare(request: Request, video_id: str) -> Response:
    """Have a recording brought back from cold storage. `playback` answers once it is there."""
    signed_in_user(request)
    prepare_vod(vod=services.vod_for_viewer(public_id=video_id, viewer=request.user), viewer=request.user)
    return Response(status=202)
