"""What stands above a channel's chat, and who is in it, in the API."""

from dataclasses import asdict

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope, signed_in_user
from chat import pinning, polls
from chat.core.commands import commands_for
from chat.membership import role_in_room
from chat.models import Poll
from chat.presence import read_presence
from chat.serializers import (
    CommandSerializer,
    NewPinSerializer,
    NewPollSerializer,
    PinSerializer,
    PollSerializer,
    PresentSerializer,
    VoteSerializer,
)
from common.api import PAGE_PARAMETERS, page_answer, page_schema
from streaming.lookup import get_channel


@extend_schema(methods=["GET"], responses={200: PinSerializer, 204: None})
@extend_schema(methods=["PUT"], request=NewPinSerializer, responses=PinSerializer)
@extend_schema(methods=["DELETE"], responses={204: None})
@needs_scope("chat:read", changes="channel:moderate")
@api_view(["GET", "PUT", "DELETE"])
@permission_classes([IsAuthenticatedOrReadOnly])
def chat_pin(request: Request, login: str) -> Response:
    """The pinned message; moderators pin another one or take it down."""
    room = get_channel(login)
    if request.method == "GET":
        pin = pinning.read_pin(room=room)
        return Response(pin, status=200 if pin else 204)
    if request.method == "DELETE":
        pinning.unpin_message(room=room, actor=signed_in_user(request))
        return Response(status=204)
    wanted = NewPinSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    return Response(asdict(pinning.pin_message(room=room, actor=signed_in_user(request), **wanted.validated_data)))


@extend_schema(methods=["GET"], parameters=PAGE_PARAMETERS, responses=page_schema(PollSerializer))
@extend_schema(methods=["POST"], request=NewPollSerializer, responses={201: PollSerializer})
@needs_scope("chat:read", changes="channel:manage:polls")
@api_view(["GET", "POST"])
@permission_classes([IsAuthenticatedOrReadOnly])
def chat_polls(request: Request, login: str) -> Response:
    """The chat's polls, the latest first; moderators start one."""
    room = get_channel(login)
    if request.method == "GET":
        rows = Poll.objects.filter(room=room).select_related("by").order_by("-pk")
        return page_answer(request, rows, PollSerializer)
    wanted = NewPollSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    poll = polls.start_poll(room=room, actor=signed_in_user(request), **wanted.validated_data)
    return Response(PollSerializer(poll).data, status=201)


@extend_schema(request=None, responses=PollSerializer)
@needs_scope("channel:manage:polls")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def chat_poll_end(request: Request, login: str) -> Response:
    """End the running poll before its time."""
    poll = polls.end_poll(room=get_channel(login), actor=signed_in_user(request))
    return Response(PollSerializer(poll).data)


@extend_schema(request=VoteSerializer, responses={204: None})
@needs_scope("chat:edit")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def chat_vote(request: Request, login: str, poll_id: int) -> Response:
    """Vote. Everyone has one vote."""
    wanted = VoteSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    polls.vote(room=get_channel(login), user=signed_in_user(request), poll_id=poll_id, **wanted.validated_data)
    return Response(status=204)


@extend_schema(responses=CommandSerializer(many=True))
@needs_scope("chat:read")
@api_view(["GET"])
def chat_commands(request: Request, login: str) -> Response:
    """What one may type after a slash in the chat."""
    role = role_in_room(room=get_channel(login), user=request.user)
    return Response([dict(zip(("name", "usage", "says"), one, strict=True)) for one in commands_for(role)])


@extend_schema(
    parameters=[*PAGE_PARAMETERS, OpenApiParameter("name", description="Only those whose name begins so.")],
    responses=page_schema(PresentSerializer),
)
@needs_scope("chat:read")
@api_view(["GET"])
def chat_chatters(request: Request, login: str) -> Response:
    """Who is signed in in the chat, those with a role first; a few seconds old."""
    beginning = request.query_params.get("name", "").lower()
    people = [one for one in read_presence(room_id=get_channel(login).pk) if one.login.startswith(beginning)]
    return page_answer(request, people, PresentSerializer)
