"""The signed-in user and their tokens in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import api_view, authentication_classes, permission_classes, throttle_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api_authentication import check_reauthenticated, needs_scope, signed_in_user
from accounts.avatars import avatar_url
from accounts.limits import TOKEN_DAYS_MAX
from accounts.models import ApiToken, User
from accounts.scopes import SCOPES
from common.addresses import absolute
from common.api_throttles import SecretThrottle


class MeSerializer(serializers.ModelSerializer[User]):
    user_id = serializers.IntegerField(source="pk")
    avatar = serializers.SerializerMethodField(help_text="Address of the picture; empty without one.")

    class Meta:
        model = User
        fields = ("user_id", "login", "display_name", "email", "avatar", "created_at")

    def get_avatar(self, user: User) -> str:
        return absolute(avatar_url(user)) if user.avatar else ""


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ("id", "name", "prefix", "scopes", "created_at", "last_used_at", "expires_at")


class NewTokenSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=60)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(SCOPES)),
        max_length=len(SCOPES),
        required=False,
        help_text="Without any, the token may do all that you may.",
    )
    days = serializers.IntegerField(
        min_value=1, max_value=TOKEN_DAYS_MAX, allow_null=True, required=False, help_text="With scopes: when it ends."
    )


class ShownTokenSerializer(serializers.Serializer[Any]):
    api_token = serializers.CharField(help_text="Shown this once.")


@extend_schema(responses=MeSerializer)
@needs_scope("user:read:email")
@api_view(["GET"])
@permission_classes([IsAuthenticated])
def me(request: Request) -> Response:
    """Who you are."""
    return Response(MeSerializer(signed_in_user(request)).data)


@extend_schema(methods=["GET"], responses=ApiTokenSerializer(many=True))
@extend_schema(methods=["POST"], request=NewTokenSerializer, responses={201: ShownTokenSerializer})
@api_view(["GET", "POST"])
@authentication_classes([SessionAuthentication])  # a token that leaked must not be able to make more of its kind
@permission_classes([IsAuthenticated])
@throttle_classes([SecretThrottle])
def tokens(request: Request) -> Response:
    """Your API tokens; only while signed in to the site."""
    if request.method == "GET":
        current = signed_in_user(request).api_tokens.current().order_by("-created_at")
        return Response(ApiTokenSerializer(current, many=True).data)
    wanted = NewTokenSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    check_reauthenticated(request)  # else a token for everything would be the way around it
    user, given = signed_in_user(request), wanted.validated_data
    if given.get("scopes"):
        token = services.create_limited_token(user=user, **given)
    else:
        token = services.create_api_token(user=user, name=given["name"])
    return Response(ShownTokenSerializer({"api_token": token}).data, status=201, headers={"Cache-Control": "no-store"})


@extend_schema(responses={204: None})
@api_view(["DELETE"])
@authentication_classes([SessionAuthentication])
@permission_classes([IsAuthenticated])
def token(request: Request, token_id: int) -> Response:
    """Revoke one of your API tokens."""
    services.revoke_api_token(user=signed_in_user(request), token_id=token_id)
    return Response(status=204)
