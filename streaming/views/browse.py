"""Browsing: categories, one category, and everyone on air."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from common.errors import NotThere
from streaming.discovery.browsing import DEFAULT_ORDER, ORDERS, live_page
from streaming.discovery.keyset import Cursor
from streaming.discovery.languages import LANGUAGES, language_key
from streaming.discovery.search import search_kind
from streaming.discovery.search_words import read_words
from streaming.discovery.tags import tag_key
from streaming.discovery_models import EntryKind, SearchEntry
from streaming.limits import CATEGORIES_PAGE, TAG_MAX
from streaming.lookup import category_of_old_name, get_category
from streaming.models import Category, Channel

BY_NAME = "name"
VIDEOS_SHOWN = 6


@require_safe
@cache_control(private=True, max_age=0)
def browse(request: HttpRequest) -> HttpResponse:
    """All categories, those most watched first; or those with a name like what is looked for."""
    words = read_words(request.GET.get("q", ""))
    sort = BY_NAME if request.GET.get("sort") == BY_NAME else DEFAULT_ORDER
    after = request.GET.get("after")
    if words:
        page = search_kind(words, EntryKind.CATEGORY, Cursor.read(after))
        categories = [entry.category for entry in page.entries if entry.category]
        next_page = str(page.after or "")
    else:
        categories, next_page = _categories(sort, after)
    context = {"categories": categories, "next": next_page, "sort": sort, "words": words, "first": not after}
    return render(request, "streaming/browse.html", context)


@require_safe
@cache_control(private=True, max_age=0)
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is on air in a category, and what can be watched again."""
    try:
        found = get_category(slug)
    except NotThere as error:
        moved = category_of_old_name(slug)
        if moved is None:
            raise Http404(error.text) from None
        return redirect("category", moved.slug, permanent=True)
    context = _live_list(request, category=found)
    if context["first"]:
        entries = SearchEntry.objects.filter(category=found).visible().for_pages().best_first()
        context["videos"] = entries.filter(kind=EntryKind.VIDEO)[:VIDEOS_SHOWN]
        context["clips"] = entries.filter(kind=EntryKind.CLIP)[:VIDEOS_SHOWN]
    return render(request, "streaming/category.html", context)


@require_safe
@cache_control(private=True, max_age=0)
def browse_live(request: HttpRequest, tag: str = "") -> HttpResponse:
    """Everyone on air."""
    key = tag_key(tag)
    if tag and not key:
        raise Http404("This cannot be a tag: tags have letters and digits only.")
    if tag != key:
        return redirect("browse_tag", key, permanent=True)
    return render(request, "streaming/browse_live.html", _live_list(request, tag=key))


def _live_list(request: HttpRequest, *, category: Category | None = None, tag: str = "") -> dict[str, Any]:
    sort = request.GET.get("sort", "")
    sort = sort if sort in ORDERS else DEFAULT_ORDER
    typed = request.GET.get("tag", "").strip()[: TAG_MAX + 1]  # perhaps behind a #
    tag = tag or tag_key(typed)
    language = language_key(request.GET.get("language", ""))
    after = Cursor.read(request.GET.get("after"))
    page = live_page(category=category, tag=tag, language=language, sort=sort, after=after)
    return {
        "category": category,
        "broadcasts": page.broadcasts,
        "next": page.after,
        "orders": ORDERS,
        "sort": sort,
        "tag": tag,
        "no_tag": "" if tag else typed,
        "language": language,
        "languages": LANGUAGES,
        "filtered": bool(tag or language),
        "first": after is None,
        "any_live": bool(page.broadcasts) or Channel.objects.filter(is_live=True).exists(),
    }


def _categories(sort: str, after: str | None) -> tuple[list[Category], str]:
    """One page and where the next begins: by name behind a name, else behind a number of viewers."""
    categories = (
        Category.objects.order_by("name") if sort == BY_NAME else Category.objects.order_by("-viewer_count", "id")
    )
    cursor = Cursor.read(after)
    if sort == BY_NAME and after:
        categories = categories.filter(name__gt=after[:80].replace("\x00", ""))
    elif cursor is not None:
        categories = cursor.of(categories, "viewer_count", keys_falling=False)
    rows = list(categories[: CATEGORIES_PAGE + 1])
    if len(rows) <= CATEGORIES_PAGE:
        return rows, ""
    last = rows[CATEGORIES_PAGE - 1]
    return rows[:CATEGORIES_PAGE], last.name if sort == BY_NAME else str(Cursor(last.viewer_count, last.pk))
