"""What owners and other players take of a recording beside the picture: chapters, and all that is known of it."""

from dataclasses import replace
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope, signed_in_user
from streaming.limits import TITLE_MAX
from transcode import services as media
from vod import downloads, services
from vod.api import VideoSerializer
from vod.chapters import Chapter
from vod.highlights import ask_for_highlight
from vod.limits import CHAPTER_TITLE_MAX
from vod.models import Vod


class ChapterSerializer(serializers.Serializer[Any]):
    seconds = serializers.FloatField(min_value=0)
    title = serializers.CharField(max_length=CHAPTER_TITLE_MAX)
    category = serializers.CharField(read_only=True)


class SizeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField(help_text="0: the sound")
    frame_rate = serializers.FloatField()
    size = serializers.IntegerField(help_text="Bytes")


class DownloadSerializer(serializers.Serializer[Any]):
    state = serializers.CharField(help_text="none, preparing, waiting, running, ready or failed")
    done_seconds = serializers.FloatField()
    total_seconds = serializers.FloatField()
    size = serializers.IntegerField(allow_null=True, help_text="Bytes, once it is ready")
    url = serializers.URLField(allow_null=True, help_text="Signed, once it is ready")


class NewHighlightSerializer(serializers.Serializer[Any]):
    begin = serializers.FloatField(min_value=0, help_text="Second of the recording")
    end = serializers.FloatField(min_value=0)
    title = serializers.CharField(required=False, allow_blank=True, max_length=TITLE_MAX)


class ExportSerializer(serializers.ModelSerializer[Vod]):
    """All that is known of a recording, for its owner."""

    id = serializers.CharField(source="public_id")
    channel = serializers.CharField(source="channel.owner.login")
    category = serializers.CharField(source="broadcast.category.name", default="")
    stream_id = serializers.CharField(source="broadcast.public_id")
    started_at = serializers.DateTimeField(source="broadcast.started_at")
    ended_at = serializers.DateTimeField(source="broadcast.ended_at")
    chapters = ChapterSerializer(many=True)
    renditions = serializers.SerializerMethodField()

    class Meta:
        model = Vod
        fields = (
            "id",
            "channel",
            "title",
            "description",
            "category",
            "visibility",
            "stream_id",
            "started_at",
            "ended_at",
            "created_at",
            "duration_seconds",
            "view_count",
            "chapters",
            "renditions",
        )

    @extend_schema_field(SizeSerializer(many=True))
    def get_renditions(self, vod: Vod) -> Any:
        return SizeSerializer(media.recording_sizes(stream_id=vod.broadcast.public_id), many=True).data


@extend_schema(methods=["GET"], responses=ChapterSerializer(many=True))
@extend_schema(methods=["PUT"], request=ChapterSerializer(many=True), responses=ChapterSerializer(many=True))
@needs_scope("read", changes="channel:manage:videos")
@api_view(["GET", "PUT"])
def video_chapters(request: Request, video_id: str) -> Response:
    """The chapters of a recording, in order; its owner may replace them. Each lasts until the next begins."""
    if request.method == "GET":
        return Response(services.vod_for_viewer(public_id=video_id, viewer=request.user).chapters)
    vod = services.vod_for_owner(public_id=video_id, owner=signed_in_user(request))
    wanted = ChapterSerializer(data=request.data, many=True)
    wanted.is_valid(raise_exception=True)
    chapters = [Chapter(**chapter) for chapter in wanted.validated_data]
    return Response(services.update_vod(vod=vod, chapters=chapters).chapters)


@extend_schema(methods=["GET"], responses=DownloadSerializer)
@extend_schema(methods=["POST"], request=None, responses={202: DownloadSerializer})
@needs_scope("read")
@api_view(["GET", "POST"])
@permission_classes([IsAuthenticated])
def video_download(request: Request, video_id: str) -> Response:
    """How far the MP4 of a recording is; POST has it made, or kept for another day once it is there."""
    vod = services.vod_for_viewer(public_id=video_id, viewer=request.user)
    downloads.check_may_download(vod=vod, viewer=request.user)
    asked = request.method == "POST"
    viewer = signed_in_user(request)
    now = downloads.ask_for_download(vod=vod, viewer=viewer) if asked else downloads.read_download(vod=vod)
    answer = DownloadSerializer(replace(now, url=now.url and request.build_absolute_uri(now.url))).data
    return Response(answer, status=202 if asked else 200, headers={"Cache-Control": "no-store"})


@extend_schema(request=NewHighlightSerializer, responses={202: VideoSerializer})
@needs_scope("channel:manage:videos")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def video_highlights(request: Request, video_id: str) -> Response:
    """Cut a part out of your recording as a private one of its own; `duration_seconds` is 0 until it is made."""
    vod = services.vod_for_owner(public_id=video_id, owner=signed_in_user(request))
    wanted = NewHighlightSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    return Response(VideoSerializer(ask_for_highlight(vod=vod, **wanted.validated_data)).data, status=202)


@extend_schema(responses=ExportSerializer)
@needs_scope("channel:manage:videos")
@api_view(["GET"])
@permission_classes([IsAuthenticated])
def video_export(request: Request, video_id: str) -> Response:
    """All that is known of your recording, as one JSON document."""
    vod = services.vod_for_owner(public_id=video_id, owner=signed_in_user(request))
    headers = {"Content-Disposition": f'attachment; filename="{vod.public_id}.json"', "Cache-Control": "no-store"}
    return Response(ExportSerializer(vod).data, headers=headers)
