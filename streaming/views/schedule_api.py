"""Schedules in the API, and as files for calendars."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope
from streaming.lookup import get_channel
from streaming.schedule.serializers import ScheduleSerializer
from streaming.schedule.services import read_plan


@extend_schema(responses=ScheduleSerializer)
@needs_scope("read")
@api_view(["GET"])
def channel_schedule(request: Request, login: str) -> Response:
    """What a channel plans, the earliest first; times are UTC."""
    return Response(ScheduleSerializer(read_plan(channel=get_channel(login))).data)
