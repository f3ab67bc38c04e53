"""Clips in the API."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope, signed_in_user
from common.api import PAGE_PARAMETERS, page_answer, page_schema
from common.errors import InvalidInput
from streaming.lookup import get_channel
from streaming.playback import clip_addresses
from vod import clip_services, services
from vod.clip_states import ClipState
from vod.cold_storage import check_at_hand
from vod.limits import CLIP_SECONDS, CLIP_SECONDS_MAX, CLIP_SECONDS_MIN, CLIP_TITLE_MAX
from vod.models import Clip, Visibility

LONGEST_OFFSET = 100 * 3600.0  # seconds; no recording is longer


class ClipSerializer(serializers.ModelSerializer[Clip]):
    """A clip as anyone who may watch it sees it. `video_url` and `poster_url` are signed; null until it is ready."""

    id = serializers.CharField(source="public_id")
    channel = serializers.CharField(source="channel.owner.login")
    clipper = serializers.CharField(source="clipper.login", allow_null=True, default=None)
    video = serializers.SerializerMethodField(help_text="The recording that it is of, where that is public.")
    stream = serializers.CharField(
        source="broadcast.public_id", allow_null=True, default=None, help_text="Whose chat is beside it."
    )
    spans = serializers.SerializerMethodField(
        help_text="From which second of it on what was on air from when on; several where the encoder was away."
    )
    url = serializers.CharField(source="get_absolute_url")
    embed_url = serializers.SerializerMethodField()
    video_url = serializers.SerializerMethodField()
    poster_url = serializers.SerializerMethodField()

    class Meta:
        model = Clip
        fields = (
            "id",
            "state",
            "problem",
            "title",
            "channel",
            "clipper",
            "video",
            "stream",
            "starts_at",
            "duration_seconds",
            "spans",
            "width",
            "height",
            "visibility",
            "view_count",
            "created_at",
            "url",
            "embed_url",
            "video_url",
            "poster_url",
        )

    def get_video(self, clip: Clip) -> str | None:
        vod = clip.recording
        return vod.public_id if vod is not None and vod.visibility == Visibility.PUBLIC else None

    def get_spans(self, clip: Clip) -> list[dict[str, Any]]:
        return [{"seconds": seconds, "starts_at": datetime.fromtimestamp(at, UTC)} for seconds, at in clip.spans]

    def get_embed_url(self, clip: Clip) -> str:
        return f"{clip.get_absolute_url()}/embed"

    def get_video_url(self, clip: Clip) -> str | None:
        return clip_addresses(clip.public_id).video if clip.state == ClipState.READY else None

    def get_poster_url(self, clip: Clip) -> str | None:
        return clip_addresses(clip.public_id).poster if clip.state == ClipState.READY else None


class ClipRequestSerializer(serializers.Serializer[Any]):
    """What to clip: a channel on air, by its login, or a video, by its id."""

    channel = serializers.CharField(required=False, max_length=80)
    video = serializers.CharField(required=False, max_length=80)
    starts_at = serializers.DateTimeField(
        required=False, help_text="Its first picture, by the dates of the playlist (EXT-X-PROGRAM-DATE-TIME)."
    )
    offset_seconds = serializers.FloatField(
        required=False,
        min_value=0,
        max_value=LONGEST_OFFSET,
        help_text="The same in seconds of the recording. Without either a live clip ends with the newest picture.",
    )
    duration_seconds = serializers.FloatField(
        required=False, default=CLIP_SECONDS, help_text=f"{CLIP_SECONDS_MIN:g} to {CLIP_SECONDS_MAX:g}."
    )
    title = serializers.CharField(required=False, allow_blank=True, default="", max_length=CLIP_TITLE_MAX)


@extend_schema(
    methods=["GET"],
    operation_id="clips_list",
    responses=page_schema(ClipSerializer),
    parameters=[
        OpenApiParameter("channel", OpenApiTypes.STR, description="Login"),
        OpenApiParameter("sort", OpenApiTypes.STR, enum=["views", "new"], description="`views` unless said"),
        *PAGE_PARAMETERS,
    ],
)
@extend_schema(methods=["POST"], request=ClipRequestSerializer, responses={202: ClipSerializer})
@needs_scope("read", changes="clips:edit")
@api_view(["GET", "POST"])
def clips(request: Request) -> Response:
    """Public clips; or a new one of what is on air or of a recording, which is made in the background."""
    if request.method == "POST":
        return Response(ClipSerializer(_create(request)).data, status=202)
    listed = Clip.objects.listed()
    if login := request.query_params.get("channel"):
        listed = listed.filter(channel=get_channel(login))
    match request.query_params.get("sort", "views"):
        case "views":
            listed = listed.most_watched()
        case "new":
            listed = listed.newest()
        case _:
            raise InvalidInput("Clips are sorted by views or new.")
    return page_answer(request, listed, ClipSerializer)


@extend_schema(methods=["GET"], responses=ClipSerializer)
@extend_schema(methods=["DELETE"], responses={204: None})
@needs_scope("read", changes="clips:edit")
@api_view(["GET", "DELETE"])
def clip(request: Request, clip_id: str) -> Response:
    """A clip; its clipper, the channel, its moderators and staff may delete it."""
    if request.method == "GET":
        return Response(ClipSerializer(clip_services.clip_for_viewer(public_id=clip_id, viewer=request.user)).data)
    clip_services.delete_clip(clip=clip_services.clip_to_delete(public_id=clip_id, user=signed_in_user(request)))
    return Response(status=204)


def _create(request: Request) -> Clip:
    clipper = signed_in_user(request)
    asked = ClipRequestSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    wanted = asked.validated_data
    if ("channel" in wanted) == ("video" in wanted):
        raise InvalidInput("Name a channel or a video.")
    vod = services.vod_for_viewer(public_id=wanted["video"], viewer=clipper) if "video" in wanted else None
    if vod is not None:
        check_at_hand(vod=vod)
    return clip_services.create_clip(
        clipper=clipper,
        channel=vod.channel if vod is not None else get_channel(wanted["channel"]),
        vod=vod,
        title=wanted["title"],
        starts_at=wanted.get("starts_at"),
        offset=wanted.get("offset_seconds"),
        duration=wanted["duration_seconds"],
    )
