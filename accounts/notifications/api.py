"""One's notifications in the API."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope, signed_in_user
from accounts.notifications import push, services
from accounts.notifications.kinds import Kind, Way
from accounts.notifications.limits import LIST_PAGE
from accounts.notifications.models import Notification
from accounts.user_agents import browser_name
from common.rate_limit import RateLimit

NEW_BROWSERS = RateLimit("push-subscriptions", limit=30, seconds=3600)


class NotificationSerializer(serializers.Serializer[Notification]):
    id = serializers.IntegerField(source="happening_id")
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind], source="happening.kind")
    text = serializers.CharField(source="happening.text")
    detail = serializers.CharField(source="happening.detail")
    path = serializers.CharField(source="happening.path")
    created_at = serializers.DateTimeField(source="happening.created_at")
    read_at = serializers.DateTimeField(allow_null=True)


class InboxSerializer(serializers.Serializer[Any]):
    unread = serializers.IntegerField(help_text="Counted up to 100.")
    results = NotificationSerializer(many=True)
    more = serializers.BooleanField(help_text="Ask again with the last id as `before`.")


class ReadSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(min_value=1, max_value=2**62, required=False, help_text="Without one: all of them.")


class ReadAnswerSerializer(serializers.Serializer[Any]):
    read_at = serializers.DateTimeField(
        allow_null=True, help_text="When all were marked; DELETE wants it to undo that."
    )


class UndoSerializer(serializers.Serializer[Any]):
    read_at = serializers.DateTimeField()


class PreferenceSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    way = serializers.ChoiceField(choices=[way.value for way in Way])
    wanted = serializers.BooleanField()


class PushKeySerializer(serializers.Serializer[Any]):
    public_key = serializers.CharField(help_text="`applicationServerKey` of PushManager.subscribe().")


class PushKeysSerializer(serializers.Serializer[Any]):
    p256dh = serializers.CharField(max_length=100)
    auth = serializers.CharField(max_length=32)


class PushSubscriptionSerializer(serializers.Serializer[Any]):
    endpoint = serializers.CharField(max_length=2000)
    keys = PushKeysSerializer()


class EndpointSerializer(serializers.Serializer[Any]):
    endpoint = serializers.CharField(max_length=2000)


@extend_schema(
    parameters=[
        OpenApiParameter("before", OpenApiTypes.INT, description="Older than this id."),
        OpenApiParameter("limit", OpenApiTypes.INT, description=f"At most {LIST_PAGE}."),
    ],
    responses=InboxSerializer,
)
@needs_scope("user:manage:notifications")
@api_view(["GET"])
@permission_classes([IsAuthenticated])
def notifications(request: Request) -> Response:
    """What you were told, the newest first."""
    own = Notification.objects.of(signed_in_user(request).pk)
    before, limit = _number(request, "before", 2**62), min(_number(request, "limit", LIST_PAGE), LIST_PAGE)
    rows = list(own.filter(happening_id__lt=before)[: limit + 1])
    answer = {"unread": own.unread().count_up_to(), "results": rows[:limit], "more": len(rows) > limit}
    return Response(InboxSerializer(answer).data)


@extend_schema(methods=["POST"], request=ReadSerializer, responses=ReadAnswerSerializer)
@extend_schema(methods=["DELETE"], request=UndoSerializer, responses={204: None})
@needs_scope("user:manage:notifications")
@api_view(["POST", "DELETE"])
@permission_classes([IsAuthenticated])
def notifications_read(request: Request) -> Response:
    """Mark one or all of them read; DELETE takes back the marking of all."""
    user = signed_in_user(request)
    if request.method == "DELETE":
        undo = UndoSerializer(data=request.data)
        undo.is_valid(raise_exception=True)
        services.undo_read(user_id=user.pk, read_at=undo.validated_data["read_at"])
        return Response(status=204)
    wanted = ReadSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    if "id" in wanted.validated_data:
        services.mark_read(user_id=user.pk, happening_id=wanted.validated_data["id"])
        return Response({"read_at": None})
    return Response(ReadAnswerSerializer({"read_at": services.mark_all_read(user_id=user.pk)}).data)


@extend_schema(methods=["GET"], responses=PreferenceSerializer(many=True))
@extend_schema(methods=["PUT"], request=PreferenceSerializer, responses={204: None})
@needs_scope("user:manage:notifications")
@api_view(["GET", "PUT"])
@permission_classes([IsAuthenticated])
def preferences(request: Request) -> Response:
    """What you want to hear, and how; PUT changes one."""
    user = signed_in_user(request)
    if request.method == "GET":
        rows = services.preferences_of(user.pk).items()
        listed = [{"kind": kind, "way": way, "wanted": wanted} for (kind, way), wanted in rows]
        return Response(PreferenceSerializer(listed, many=True).data)
    said = PreferenceSerializer(data=request.data)
    said.is_valid(raise_exception=True)
    services.set_preference(
        user_id=user.pk,
        kind=Kind(said.validated_data["kind"]),
        way=Way(said.validated_data["way"]),
        wanted=said.validated_data["wanted"],
    )
    return Response(status=204)


@extend_schema(methods=["GET"], responses=PushKeySerializer)
@extend_schema(methods=["POST"], request=PushSubscriptionSerializer, responses={201: None})
@extend_schema(methods=["DELETE"], request=EndpointSerializer, responses={204: None})
@api_view(["GET", "POST", "DELETE"])
@authentication_classes([SessionAuthentication])  # a browser speaks here, not a program with a token
@permission_classes([IsAuthenticated])
def push_subscription(request: Request) -> Response:
    """The key to subscribe with; POST what `PushSubscription.toJSON()` gives, DELETE to hear no more."""
    user = signed_in_user(request)
    if request.method == "GET":
        return Response({"public_key": push.public_key()})
    if request.method == "DELETE":
        gone = EndpointSerializer(data=request.data)
        gone.is_valid(raise_exception=True)
        push.forget_browser(user_id=user.pk, endpoint=gone.validated_data["endpoint"])
        return Response(status=204)
    given = PushSubscriptionSerializer(data=request.data)
    given.is_valid(raise_exception=True)
    if not NEW_BROWSERS.allows(str(user.pk)):
        return Response({"detail": "That was too often. Try again in an hour.", "code": "too_many"}, status=429)
    subscription = push.subscribe_browser(
        user_id=user.pk,
        endpoint=given.validated_data["endpoint"],
        label=browser_name(request.headers.get("User-Agent", "")),
        **given.validated_data["keys"],
    )
    request.session[push.OF_SESSION] = subscription.pk
    return Response(status=201)


def _number(request: Request, name: str, otherwise: int) -> int:
    """A number of the query string; nonsense is as good as nothing."""
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 18 and int(text) > 0 else otherwise
