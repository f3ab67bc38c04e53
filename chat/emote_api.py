"""Emotes and badges in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view, parser_classes, permission_classes
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.api_authentication import needs_scope, signed_in_user
from chat import emotes
from chat.emote_serializers import (
    ChatLookSerializer,
    EmotePrefixSerializer,
    EmoteSerializer,
    NewBadgeSerializer,
    NewCommonEmoteSerializer,
    NewEmoteSerializer,
    RoomEmotesSerializer,
    SubscriberBadgeSerializer,
)
from chat.looks import color_of, set_color
from chat.models import Emote, EmotePrefix, SubscriberBadge
from chat.uploads import read_upload
from common.api_parsers import BoundedJSONParser
from streaming.lookup import get_channel

KEPT = {"Cache-Control": "public, max-age=30"}  # as long as a gateway may decide by an older table


@extend_schema(methods=["GET"], responses=RoomEmotesSerializer)
@extend_schema(methods=["POST"], request=NewEmoteSerializer, responses={201: EmoteSerializer})
@needs_scope("chat:read", changes="channel:manage:emotes")
@api_view(["GET", "POST"])
@parser_classes([MultiPartParser])
def channel_emotes(request: Request, login: str) -> Response:
    """What can be written in the channel's chat; its broadcaster may add to it."""
    room = get_channel(login)
    if request.method == "POST":
        wanted = _checked(NewEmoteSerializer, request)
        picture = read_upload(wanted["picture"])
        emote = emotes.add_emote(room=room, actor=signed_in_user(request), name=wanted["name"], picture=picture)
        return Response(EmoteSerializer(emote).data, status=201)
    table = {
        "prefix": EmotePrefix.objects.filter(room=room).values_list("text", flat=True).first() or "",
        "channel": Emote.objects.kept().filter(room=room).order_by("code"),
        "common": Emote.objects.common().kept().order_by("code"),
    }
    return Response(RoomEmotesSerializer(table).data, headers=KEPT)


@extend_schema(request=EmotePrefixSerializer, responses=EmotePrefixSerializer)
@needs_scope("channel:manage:emotes")
@api_view(["PUT"])
@permission_classes([IsAuthenticated])
@parser_classes([BoundedJSONParser])
def channel_emote_prefix(request: Request, login: str) -> Response:
    """Change what the codes begin with, while there are none."""
    wanted = _checked(EmotePrefixSerializer, request)
    emotes.change_prefix(room=get_channel(login), actor=signed_in_user(request), text=wanted["prefix"])
    return Response(wanted)


@extend_schema(request=None, responses={204: None})
@needs_scope("channel:manage:emotes")
@api_view(["DELETE"])
@permission_classes([IsAuthenticated])
def channel_emote(request: Request, login: str, code: str) -> Response:
    """Make it a word again; for a week it can be restored."""
    emotes.remove_emote(room=get_channel(login), actor=signed_in_user(request), code=code)
    return Response(status=204)


@extend_schema(request=None, responses=EmoteSerializer)
@needs_scope("channel:manage:emotes")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def channel_emote_restore(request: Request, login: str, code: str) -> Response:
    """Take the removal back."""
    emote = emotes.restore_emote(room=get_channel(login), actor=signed_in_user(request), code=code)
    return Response(EmoteSerializer(emote).data)


@extend_schema(methods=["GET"], responses=EmoteSerializer(many=True))
@extend_schema(methods=["POST"], request=NewCommonEmoteSerializer, responses={201: EmoteSerializer})
@needs_scope("chat:read", changes="channel:manage:emotes")
@api_view(["GET", "POST"])
@parser_classes([MultiPartParser])
def common_emotes(request: Request) -> Response:
    """Emotes of all chats; staff may add to them."""
    if request.method == "POST":
        wanted = _checked(NewCommonEmoteSerializer, request)
        picture = read_upload(wanted["picture"])
        emote = emotes.add_common_emote(actor=signed_in_user(request), code=wanted["code"], picture=picture)
        return Response(EmoteSerializer(emote).data, status=201)
    common = Emote.objects.common().kept().order_by("code")
    return Response(EmoteSerializer(common, many=True).data, headers=KEPT)


@extend_schema(request=None, responses={204: None})
@needs_scope("channel:manage:emotes")
@api_view(["DELETE"])
@permission_classes([IsAuthenticated])
def common_emote(request: Request, code: str) -> Response:
    """Remove an emote of all chats; staff only."""
    emotes.remove_emote(room=None, actor=signed_in_user(request), code=code)
    return Response(status=204)


@extend_schema(responses=SubscriberBadgeSerializer(many=True))
@needs_scope("chat:read", changes="channel:manage:emotes")
@api_view(["GET"])
def channel_badges(request: Request, login: str) -> Response:
    """The channel's badges for subscribers."""
    badges = SubscriberBadge.objects.filter(room=get_channel(login)).order_by("months")
    return Response(SubscriberBadgeSerializer(badges, many=True).data, headers=KEPT)


@extend_schema(methods=["PUT"], request=NewBadgeSerializer, responses=SubscriberBadgeSerializer)
@extend_schema(methods=["DELETE"], request=None, responses={204: None})
@needs_scope("channel:manage:emotes")
@api_view(["PUT", "DELETE"])
@permission_classes([IsAuthenticated])
@parser_classes([MultiPartParser])
def channel_badge(request: Request, login: str, months: int) -> Response:
    """Set or remove the badge for so many months."""
    room, actor = get_channel(login), signed_in_user(request)
    if request.method == "DELETE":
        emotes.remove_subscriber_badge(room=room, actor=actor, months=months)
        return Response(status=204)
    picture = read_upload(_checked(NewBadgeSerializer, request)["picture"])
    badge = emotes.set_subscriber_badge(room=room, actor=actor, months=months, picture=picture)
    return Response(SubscriberBadgeSerializer(badge).data)


@extend_schema(methods=["GET"], responses=ChatLookSerializer)
@extend_schema(methods=["PUT"], request=ChatLookSerializer, responses=ChatLookSerializer)
@needs_scope("chat:read", changes="user:manage:chat_color")
@api_view(["GET", "PUT"])
@permission_classes([IsAuthenticated])
def my_look(request: Request) -> Response:
    """How you are seen in chats."""
    user = signed_in_user(request)
    if request.method == "PUT":
        wanted = _checked(ChatLookSerializer, request)
        return Response({"color": set_color(user=user, color=wanted["color"] or "none")})
    return Response({"color": color_of(user=user)})


def _checked(serializer: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    wanted = serializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    fields: dict[str, Any] = wanted.validated_data
    return fields
