"""What moderators know of someone, and warnings, in the API."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope, signed_in_user
from chat import held, moderation, people
from chat.api import get_room_for_moderator
from chat.models import HeldMessage
from chat.serializers import (
    BanSerializer,
    DecisionSerializer,
    HeldMessageSerializer,
    NewNoteSerializer,
    NewWarningSerializer,
    RecordSerializer,
    SaidSerializer,
    UserNoteSerializer,
)
from common.api import PAGE_PARAMETERS, page_answer, page_schema
from streaming.lookup import get_channel


@extend_schema(responses=RecordSerializer)
@needs_scope("channel:moderate")
@api_view(["GET"])
@permission_classes([IsAuthenticated])
def chat_person(request: Request, login: str, user: str) -> Response:
    """What the chat's moderators know of someone."""
    record = people.record_of(room=get_channel(login), actor=signed_in_user(request), login=user)
    return Response(RecordSerializer(record).data)


@extend_schema(parameters=PAGE_PARAMETERS, responses=page_schema(SaidSerializer))
@needs_scope("channel:moderate")
@api_view(["GET"])
@permission_classes([IsAuthenticated])
def chat_person_messages(request: Request, login: str, user: str) -> Response:
    """What someone said in the chat, the latest first, with what was removed."""
    rows = people.messages_of(room=get_channel(login), actor=signed_in_user(request), login=user)
    return page_answer(request, rows, SaidSerializer)


@extend_schema(request=NewNoteSerializer, responses={201: UserNoteSerializer})
@needs_scope("channel:moderate")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def chat_person_notes(request: Request, login: str, user: str) -> Response:
    """Note something about someone, for moderators only."""
    wanted = NewNoteSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    added = people.add_note(room=get_channel(login), actor=signed_in_user(request), login=user, **wanted.validated_data)
    return Response(UserNoteSerializer(added).data, status=201)


@extend_schema(request=None, responses={204: None})
@needs_scope("channel:moderate")
@api_view(["DELETE"])
@permission_classes([IsAuthenticated])
def chat_note(request: Request, login: str, note_id: int) -> Response:
    """Take a note back."""
    people.remove_note(room=get_channel(login), actor=signed_in_user(request), note_id=note_id)
    return Response(status=204)


@extend_schema(request=NewWarningSerializer, responses={201: BanSerializer})
@needs_scope("channel:moderate")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def chat_warnings(request: Request, login: str) -> Response:
    """Warn someone: he writes again when he has acknowledged it."""
    wanted = NewWarningSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    warning = moderation.warn_user(room=get_channel(login), actor=signed_in_user(request), **wanted.validated_data)
    return Response(BanSerializer(warning).data, status=201)


@extend_schema(parameters=PAGE_PARAMETERS, responses=page_schema(HeldMessageSerializer))
@needs_scope("channel:moderate")
@api_view(["GET"])
@permission_classes([IsAuthenticated])
def chat_held(request: Request, login: str) -> Response:
    """Messages that wait for a moderator of the chat."""
    rows = HeldMessage.objects.waiting().filter(room=get_room_for_moderator(login, request)).order_by("created_at")
    return page_answer(request, rows, HeldMessageSerializer)


@extend_schema(request=DecisionSerializer, responses={204: None})
@needs_scope("channel:moderate")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def chat_held_decision(request: Request, login: str, message_id: str) -> Response:
    """Let a message through that waits, or not."""
    wanted = DecisionSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    held.decide_held(
        room=get_channel(login), actor=signed_in_user(request), message_id=message_id, **wanted.validated_data
    )
    return Response(status=204)


@extend_schema(request=None, responses={204: None})
@needs_scope("chat:edit")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def chat_acknowledge(request: Request, login: str) -> Response:
    """Say that you have read a warning. Repeating it changes nothing."""
    moderation.acknowledge_warning(room=get_channel(login), user=signed_in_user(request))
    return Response(status=204)
