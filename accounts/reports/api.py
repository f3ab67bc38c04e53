"""Reports in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope, signed_in_user
from accounts.reports import services
from accounts.reports.kinds import kind_named
from accounts.reports.limits import NAME_MAX, TEXT_MAX
from accounts.reports.models import REASON_CHOICES, STATE_CHOICES, Report


class NewReportSerializer(serializers.Serializer[Any]):
    """What is reported, and why."""

    kind = serializers.CharField(
        max_length=10, help_text="`channel` (with what is on air), `user`, `video`, `clip` or `message`."
    )
    subject = serializers.CharField(
        max_length=NAME_MAX,
        help_text="A login, the id of a video or clip, or `<login of the channel>:<id of the message>`.",
    )
    reason = serializers.ChoiceField(choices=REASON_CHOICES)
    text = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=TEXT_MAX,
        help_text="What else the staff should know; with `other`, it must say something.",
    )


class ReportSerializer(serializers.ModelSerializer[Report]):
    """A report as its reporter sees it."""

    reason = serializers.ChoiceField(choices=REASON_CHOICES)
    state = serializers.ChoiceField(choices=STATE_CHOICES)
    url = serializers.CharField(source="get_absolute_url", help_text="The page that says what becomes of it.")

    class Meta:
        model = Report
        fields = ("kind", "title", "reason", "text", "state", "created_at", "url")


@extend_schema(request=NewReportSerializer, responses={201: ReportSerializer, 200: ReportSerializer})
@needs_scope("user:edit:reports")
@api_view(["POST"])
@permission_classes([IsAuthenticated])
def reports(request: Request) -> Response:
    """Report something to the staff. 200: you had reported it already, and your report is changed."""
    user = signed_in_user(request)
    given = NewReportSerializer(data=request.data)
    given.is_valid(raise_exception=True)
    said = given.validated_data
    subject = kind_named(said["kind"]).find(said["subject"], user)
    report, is_new = services.report_subject(
        reporter=user, kind=said["kind"], subject=subject, reason=said["reason"], text=said["text"]
    )
    return Response(ReportSerializer(report).data, status=201 if is_new else 200)
