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
from accounts.api_authentication import signed_in_user
from accounts.avatars import avatar_url
from accounts.models import ApiToken, User
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


class ShownTokenSerializer(serializers.Serializer[Any]):
    api_token = serializers.CharField(help_text="Shown this once.")


@extend_schema(responses=MeSerializer)
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
    token = services.create_api_token(user=signed_in_user(request), name=wanted.validated_data["name"])
    return Response(ShownTokenSerializer({"api_token": token}).data, status=201, headers={"Cache-Control": "no-store"})


@extend_schema(responses={204: None})
@api_view(["DELETE"])
@authentication_classes([SessionAuthentication])
@permission_classes([IsAuthenticated])
def token(request: Request, token_id: int) -> Response:
    """Revoke one of your API tokens."""
    services.revoke_api_token(user=signed_in_user(request), token_id=token_id)
    return Response(status=204)
