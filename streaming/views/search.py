"""The search page, and what the search box suggests while someone types."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import needs_scope
from common.errors import InvalidInput
from streaming.discovery.keyset import Cursor
from streaming.discovery.search import Results, only, search, search_kind, suggest
from streaming.discovery.search_words import read_words
from streaming.discovery.serializers import ResultsSerializer, SearchPageSerializer
from streaming.discovery_models import EntryKind
from streaming.limits import SEARCH_QUERY_MAX, SUGGESTIONS_KEPT_SECONDS

KINDS = {
    "channels": EntryKind.CHANNEL,
    "categories": EntryKind.CATEGORY,
    "videos": EntryKind.VIDEO,
    "clips": EntryKind.CLIP,
}
_COUNTS = f"At most {SEARCH_QUERY_MAX} characters count."
_QUESTION = OpenApiParameter(
    "q", OpenApiTypes.STR, required=True, description=f"At most {SEARCH_QUERY_MAX} characters count."
)


@require_safe
@cache_control(private=True, max_age=0)
def search_page(request: HttpRequest) -> HttpResponse:
    """What fits what was typed: the best of every kind, or all of one."""
    words = read_words(request.GET.get("q", ""))
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    after = Cursor.read(request.GET.get("after"))
    results, following = Results(), None
    if kind and words:
        page = search_kind(words, KINDS[kind], after)
        results, following = only(KINDS[kind], page.entries), page.after
    elif words:
        results = search(words)
    context = {"words": words, "kind": kind, "kinds": KINDS, "results": results, "next": following}
    return render(request, "streaming/search.html", context)


@extend_schema(
    operation_id="search",
    responses=SearchPageSerializer,
    parameters=[
        _QUESTION,
        OpenApiParameter("kind", OpenApiTypes.STR, enum=list(KINDS), description="All of one kind, in pages."),
        OpenApiParameter("after", OpenApiTypes.STR, description="With `kind`: what the page before called `next`."),
    ],
)
@needs_scope("read")
@api_view(["GET"])
def api_search(request: Request) -> Response:
    """Channels, categories, recordings and clips: the best of each, or all of one kind."""
    words, kind = read_words(request.query_params.get("q", "")), request.query_params.get("kind", "")
    if kind and kind not in KINDS:
        raise InvalidInput(f"The kind is one of {', '.join(KINDS)}.")
    if not kind:
        return Response(SearchPageSerializer({"results": search(words), "next": None}).data)
    page = search_kind(words, KINDS[kind], Cursor.read(request.query_params.get("after"))) if words else None
    results = only(KINDS[kind], page.entries) if page else Results()
    following = str(page.after) if page and page.after else None
    return Response(SearchPageSerializer({"results": results, "next": following}).data)


@extend_schema(operation_id="search_suggestions", responses=ResultsSerializer, parameters=[_QUESTION])
@needs_scope("read")
@api_view(["GET"])
def api_suggestions(request: Request) -> Response:
    """Channels, those on air first, and categories whose names begin so or look like it."""
    found = suggest(read_words(request.query_params.get("q", "")))
    kept = {"Cache-Control": f"private, max-age={SUGGESTIONS_KEPT_SECONDS}"}
    return Response(ResultsSerializer(found).data, headers=kept)
