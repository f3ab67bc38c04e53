"""What every API view shares: how errors are answered and how lists come in pages."""

import logging
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework.exceptions import APIException
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, IntegerField, URLField
from rest_framework.views import exception_handler as rest_exception_handler

from common.errors import Conflict, DomainError, Gone, InvalidInput, NotAllowed, NotThere, TooMany
from common.outage import OUTAGE, OUTAGE_RETRY_SECONDS, OUTAGE_TEXT

logger = logging.getLogger(__name__)

STATUS_OF_ERROR: dict[type[DomainError], int] = {
    InvalidInput: 400,
    NotAllowed: 403,
    NotThere: 404,
    Conflict: 409,
    Gone: 410,
    TooMany: 429,
}


def status_of(error: DomainError) -> int:
    """The HTTP status that answers `error`."""
    return next((STATUS_OF_ERROR[kind] for kind in type(error).__mro__ if kind in STATUS_OF_ERROR), 400)


def domain_answer(error: DomainError) -> Response:
    """What a domain error is answered with; who asked too often is told when to come again."""
    headers = {}
    if isinstance(error, TooMany) and error.retry_seconds:
        headers = {"Retry-After": str(error.retry_seconds)}
    return Response({"detail": error.text, "code": error.code}, status=status_of(error), headers=headers)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Domain errors and outages become JSON `{detail, code}`; the rest is left to the framework."""
    if isinstance(error, DomainError):
        return domain_answer(error)
    if isinstance(error, OUTAGE):
        logger.error("API without PostgreSQL or Redis: %s", type(error).__name__)
        headers = {"Retry-After": str(OUTAGE_RETRY_SECONDS)}
        return Response({"detail": OUTAGE_TEXT, "code": "unavailable"}, status=503, headers=headers)
    response = rest_exception_handler(error, context)
    if response is not None and isinstance(error, APIException) and "detail" in (response.data or ()):
        response.data["code"] = error.get_codes()
    return response


COUNTED_MOST = 1_000  # rows; to count a hundred thousand for each page would take longer than the page
OFFSET_MOST = 10_000  # rows that are skipped one by one; nobody turns so many pages


class Pages(LimitOffsetPagination):
    """`?limit=&offset=`. Whether there is more is read with the page, not counted."""

    default_limit = 24
    max_limit = 100
    more = False

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.limit = self.get_limit(request) or self.default_limit
        self.offset = min(self.get_offset(request), OFFSET_MOST)
        rows = list(queryset[self.offset : self.offset + self.limit + 1])
        self.more = len(rows) > self.limit
        self.count = self.offset + len(rows) if rows else 0
        if self.more or not rows:
            # A count needs no order, and where no index has it a sort of all rows would take most of the time.
            some = queryset[:COUNTED_MOST] if isinstance(queryset, list) else queryset.order_by()[:COUNTED_MOST]
            self.count = max(self.count, len(some) if isinstance(some, list) else some.count())
        return rows[: self.limit]

    def get_next_link(self) -> str | None:
        return super().get_next_link() if self.more and (self.offset or 0) < OFFSET_MOST else None


PAGE_PARAMETERS = [
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"At most {Pages.max_limit}."),
    OpenApiParameter("offset", OpenApiTypes.INT),
]


def page_answer(request: Request, rows: "QuerySet[Any] | list[Any]", serializer: type[BaseSerializer[Any]]) -> Response:
    """One page of `rows`."""
    pages = Pages()
    page = pages.paginate_queryset(rows, request)
    return pages.get_paginated_response(serializer(page or [], many=True).data)


def page_schema(serializer: type[BaseSerializer[Any]]) -> Any:
    """What `page_answer` answers, for the OpenAPI document."""
    return inline_serializer(
        name=serializer.__name__.removesuffix("Serializer") + "Page",
        fields={
            "count": IntegerField(help_text=f"Exact up to {COUNTED_MOST:,}; of longer lists, at least so many."),
            "next": URLField(allow_null=True),
            "previous": URLField(allow_null=True),
            "results": serializer(many=True),
        },
    )
