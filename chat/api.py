"""Moderation of a channel's chat in the API."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope, signed_in_user
from chat import moderation
from chat.core.roles import Role
from chat.membership import role_in_room
from chat.models import Ban, BanQuerySet, BlockedTerm, ModeratorAct, RoomModes, RoomRole
from chat.serializers import (
    BanSerializer,
    BlockedTermSerializer,
    ModeratorActSerializer,
    NewBanSerializer,
    RoomModesSerializer,
    RoomRoleSerializer,
)
from common.api import PAGE_PARAMETERS, page_answer, page_schema
from common.errors import NotAllowed
from streaming.lookup import get_channel
from streaming.models import Channel

ROLES = {"moderators": Role.MODERATOR, "vips": Role.VIP}


@extend_schema(methods=["GET"], responses=RoomModesSerializer)
@extend_schema(methods=["PATCH"], request=RoomModesSerializer(partial=True), responses=RoomModesSerializer)
@needs_scope("chat:read", changes="channel:moderate")
@api_view(["GET", "PATCH"])
def chat_modes(request: Request, login: str) -> Response:
    """How the chat is run; its moderators may change it."""
    room = get_channel(login)
    if request.method == "PATCH":
        changes = RoomModesSerializer(data=request.data, partial=True)
        changes.is_valid(raise_exception=True)
        moderation.change_modes(room=room, actor=signed_in_user(request), changes=changes.validated_data)
    modes = RoomModes.objects.filter(room=room).first() or RoomModes(room=room)
    return Response(RoomModesSerializer(modes).data)


@extend_schema(methods=["GET"], parameters=PAGE_PARAMETERS, responses=page_schema(BanSerializer))
@extend_schema(methods=["POST"], request=NewBanSerializer, responses={201: BanSerializer})
@needs_scope("channel:moderate")
@api_view(["GET", "POST"])
@permission_classes([IsAuthenticated])
def chat_bans(request: Request, login: str) -> Response:
    """Who may not write in the chat; silence someone."""
    room = get_room_for_moderator(login, request)
    if request.method == "GET":
        return page_answer(request, _bans(room), BanSerializer)
    wanted = NewBanSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    silence = moderation.time_out_user if "seconds" in wanted.validated_data else moderation.ban_user
    ban = silence(room=room, actor=signed_in_user(request), **wanted.validated_data)
    return Response(BanSerializer(ban).data, status=201)


@extend_schema(request=None, responses={204: None})
@needs_scope("channel:moderate")
@api_view(["DELETE"])
@permission_classes([IsAuthenticated])
def chat_ban(request: Request, login: str, user: str) -> Response:
    """Let someone write again. Repeating it changes nothing."""
    moderation.unban_user(room=get_channel(login), actor=signed_in_user(request), login=user)
    return Response(status=204)


@extend_schema(request=None, responses={204: None})
@needs_scope("channel:moderate")
@api_view(["DELETE"])
@permission_classes([IsAuthenticated])
def chat_message(request: Request, login: str, message_id: str) -> Response:
    """Remove one message."""
    moderation.remove_message(room=get_channel(login), actor=signed_in_user(request), message_id=message_id)
    return Response(status=204)


@extend_schema(methods=["GET"], parameters=PAGE_PARAMETERS, responses=page_schema(BlockedTermSerializer))
@extend_schema(methods=["POST"], request=BlockedTermSerializer, responses={201: BlockedTermSerializer})
@extend_schema(methods=["DELETE"], parameters=[OpenApiParameter("text", required=True)], responses={204: None})
@needs_scope("channel:moderate")
@api_view(["GET", "POST", "DELETE"])
@permission_classes([IsAuthenticated])
def chat_terms(request: Request, login: str) -> Response:
    """What nobody may write in the chat; block a term, or allow it again."""
    room = get_room_for_moderator(login, request)
    if request.method == "GET":
        return page_answer(request, BlockedTerm.objects.filter(room=room).order_by("text"), BlockedTermSerializer)
    if request.method == "DELETE":
        text = request.query_params.get("text", "")
        moderation.unblock_term(room=room, actor=signed_in_user(request), text=text)
        return Response(status=204)
    wanted = BlockedTermSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    term = moderation.block_term(room=room, actor=signed_in_user(request), text=wanted.validated_data["text"])
    return Response(BlockedTermSerializer(term).data, status=201)


@extend_schema(request=None, responses={204: None})
@needs_scope("channel:moderate")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def chat_clear(request: Request, login: str) -> Response:
    """Remove everything that was said."""
    moderation.clear_room(room=get_channel(login), actor=signed_in_user(request))
    return Response(status=204)


@extend_schema(
    operation_id="channels_chat_roles_list", parameters=PAGE_PARAMETERS, responses=page_schema(RoomRoleSerializer)
)
@needs_scope("chat:read")
@api_view(["GET"])
def chat_roles(request: Request, login: str, roles: str) -> Response:
    """The chat's moderators or VIPs."""
    rows = RoomRole.objects.filter(room=get_channel(login), role=ROLES[roles]).select_related("user")
    return page_answer(request, rows.order_by("user__login"), RoomRoleSerializer)


@extend_schema(request=None, responses={204: None})
@needs_scope("channel:manage:moderators")
@api_view(["PUT", "DELETE"])
@permission_classes([IsAuthenticated])
def chat_role(request: Request, login: str, roles: str, user: str) -> Response:
    """Make someone a moderator or VIP of your chat, or take it back."""
    change = moderation.grant_role if request.method == "PUT" else moderation.revoke_role
    change(room=get_channel(login), actor=signed_in_user(request), login=user, role=ROLES[roles])
    return Response(status=204)


@extend_schema(parameters=PAGE_PARAMETERS, responses=page_schema(ModeratorActSerializer))
@needs_scope("channel:moderate")
@api_view(["GET"])
@permission_classes([IsAuthenticated])
def chat_acts(request: Request, login: str) -> Response:
    """What the chat's moderators did, the latest first."""
    acts = ModeratorAct.objects.filter(room=get_room_for_moderator(login, request))
    return page_answer(request, acts.select_related("actor", "target").order_by("-at"), ModeratorActSerializer)


def get_room_for_moderator(login: str, request: Request) -> Channel:
    """The channel, if the one who asks may moderate its chat."""
    room = get_channel(login)
    if not role_in_room(room=room, user=signed_in_user(request)).may_moderate:
        raise NotAllowed("Only moderators of this chat may see that.")
    return room


def _bans(room: Channel) -> BanQuerySet:
    return Ban.objects.in_force().filter(room=room).select_related("user", "by").order_by("-created_at")
