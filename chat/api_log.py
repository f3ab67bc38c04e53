"""What was said, in the API: for moderators who look for it, and for recordings that show it again."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope
from chat.api import get_room_for_moderator
from chat.limits import PAGE_MESSAGES_MAX, SEARCH_TEXT_MAX
from chat.look_back import replay_messages, search_messages
from chat.models import ChatMessage
from common.errors import NotThere
from streaming.lookup import get_stream

PLACE_MAX = 2**62
REPLAY_SECONDS_MAX = 30 * 86_400
REPLAY_CACHE = {"Cache-Control": "public, max-age=10"}  # a removal shows within it


class QuerySerializer(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1, max_value=PAGE_MESSAGES_MAX, default=50)


class SearchSerializer(QuerySerializer):
    """What to look for."""

    q = serializers.CharField(max_length=SEARCH_TEXT_MAX, default="", allow_blank=True, help_text="Text in it.")
    user = serializers.CharField(max_length=25, default="", allow_blank=True, help_text="Who said it.")
    before = serializers.IntegerField(
        min_value=0, max_value=PLACE_MAX, default=None, help_text="`before` of the page before."
    )
    since = serializers.DateTimeField(default=None, help_text="From this time on.")
    until = serializers.DateTimeField(default=None, help_text="Before this time.")


class ReplaySerializer(QuerySerializer):
    """From where."""

    seconds = serializers.FloatField(
        min_value=0, max_value=REPLAY_SECONDS_MAX, default=0, help_text="Since the broadcast's start."
    )
    after = serializers.IntegerField(
        min_value=0, max_value=PLACE_MAX, default=None, help_text="`after` of the page before."
    )


class QuoteSerializer(serializers.Serializer[Any]):
    """What a reply answers. The text is empty where that was removed."""

    id = serializers.CharField()
    user_id = serializers.IntegerField()
    login = serializers.CharField()
    display_name = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    thread_id = serializers.CharField()
    thread_login = serializers.CharField()


class ChatMessageSerializer(serializers.ModelSerializer[ChatMessage]):
    """A message as it was shown, and when it was removed."""

    reply = QuoteSerializer(allow_null=True)

    class Meta:
        model = ChatMessage
        fields = (
            "id",
            "seq",
            "login",
            "display_name",
            "badges",
            "color",
            "text",
            "emotes",
            "reply",
            "sent_at",
            "removed_at",
        )


class FoundSerializer(serializers.Serializer[Any]):
    """Messages, the latest first. A page may be empty and still have a next one: ask again with `before`."""

    results = ChatMessageSerializer(many=True)
    before = serializers.IntegerField(allow_null=True)


class ReplayedMessageSerializer(serializers.ModelSerializer[ChatMessage]):
    """A message and when it was said, in seconds since the broadcast's start."""

    seconds = serializers.FloatField()
    reply = QuoteSerializer(allow_null=True)

    class Meta:
        model = ChatMessage
        fields = ("seconds", "id", "seq", "login", "display_name", "badges", "color", "text", "emotes", "reply")


class ReplayedSerializer(serializers.Serializer[Any]):
    """Messages in their order; ask on with `after` until it is null."""

    results = ReplayedMessageSerializer(many=True)
    after = serializers.IntegerField(allow_null=True)


@extend_schema(parameters=[SearchSerializer], responses=FoundSerializer)
@needs_scope("channel:moderate")
@api_view(["GET"])
@permission_classes([IsAuthenticated])
def chat_messages(request: Request, login: str) -> Response:
    """What was said in the chat, removed messages too; for its moderators."""
    room = get_room_for_moderator(login, request)
    asked = _asked(SearchSerializer, request)
    found = search_messages(
        room=room,
        text=asked["q"],
        login=asked["user"],
        before=asked["before"],
        since=asked["since"],
        until=asked["until"],
        count=asked["limit"],
    )
    return Response(FoundSerializer({"results": found.messages, "before": found.before}).data)


@extend_schema(operation_id="streams_chat_replay", parameters=[ReplaySerializer], responses=ReplayedSerializer)
@needs_scope("chat:read")
@api_view(["GET"])
def stream_chat(request: Request, name: str) -> Response:
    """What was said during a broadcast, from a moment on."""
    _, broadcast = get_stream(name)
    if broadcast is None:
        raise NotThere("This channel was never on air.")
    asked = _asked(ReplaySerializer, request)
    replayed = replay_messages(
        broadcast=broadcast, seconds=asked["seconds"], after=asked["after"], count=asked["limit"]
    )
    results = []
    for seconds, message in replayed.messages:
        message.seconds = round(seconds, 3)  # type: ignore[attr-defined]  # what the serializer shows beside the row
        results.append(message)
    return Response(ReplayedSerializer({"results": results, "after": replayed.after}).data, headers=REPLAY_CACHE)


def _asked(serializer: type[QuerySerializer], request: Request) -> dict[str, Any]:
    asked = serializer(data=request.query_params)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)
