"""Pages, icons and files that make an installation this one."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from common.brand import current
from common.brand import offline as offline_page
from common.brand.colours import DARK
from common.brand.limits import ICON_CACHE_SECONDS

TITLES = {"about": "About", "terms": "Terms of use", "rules": "Rules", "privacy": "Privacy"}
ICON_TYPES = {"svg": "image/svg+xml", "png": "image/png", "ico": "image/x-icon"}
# An SVG opened by its address is a document; this one may do nothing.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

kept_by_browsers = cache_control(public=True, max_age=ICON_CACHE_SECONDS)


@require_safe
def brand_page(request: HttpRequest, name: str) -> HttpResponse:
    """About, terms, rules or privacy."""
    context = {"title": TITLES[name], "html": current.page_html(name)}
    return render(request, "brand/page.html", context)


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """For the service worker, which shows it when a page cannot be fetched."""
    response = HttpResponse(offline_page.page())
    response["Content-Security-Policy"] = offline_page.policy()
    return response


@require_safe
@kept_by_browsers
def brand_css(request: HttpRequest) -> HttpResponse:
    """The accent colours, where they are the operator's own."""
    return HttpResponse(current.stylesheet(), content_type="text/css; charset=utf-8")


@require_safe
@kept_by_browsers
def brand_logo(request: HttpRequest) -> HttpResponse:
    """The operator's logo."""
    if settings.LOGO is None:
        raise Http404("No logo is set.")
    return _picture(settings.LOGO.content, settings.LOGO.content_type)


@require_safe
@kept_by_browsers
def brand_icon(request: HttpRequest, name: str) -> HttpResponse:
    """The mark for tabs and home screens."""
    if name not in current.ICONS:
        raise Http404("There is no such icon.")
    return _picture(current.icon(name), ICON_TYPES[name.rpartition(".")[2]])


@require_safe
@kept_by_browsers
def manifest(request: HttpRequest) -> HttpResponse:
    """What a browser needs to put the site on a home screen (W3C Web Application Manifest)."""
    facts = {
        "id": "/",
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME[:12].strip(),
        "description": "Live streaming of your own: go live, watch, chat, watch again.",
        "start_url": reverse("front"),
        "scope": "/",
        "display": "standalone",
        "background_color": DARK.surfaces[0],
        "theme_color": DARK.surfaces[1],
        "icons": _manifest_icons(),
        "shortcuts": [
            {"name": "Live now", "url": reverse("front")},
            {"name": "Stream manager", "url": reverse("dashboard")},
            {"name": "Your videos", "url": reverse("dashboard_videos")},
        ],
    }
    return JsonResponse(facts, content_type="application/manifest+json")


def _manifest_icons() -> list[dict[str, str]]:
    vector = {"src": _icon("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    pictures = [
        {"src": _icon(f"{kind}-{side}.png"), "sizes": f"{side}x{side}", "type": "image/png", "purpose": purpose}
        for kind, purpose in (("icon", "any"), ("maskable", "maskable"))
        for side in (192, 512)
    ]
    return [vector, *pictures]


def _icon(name: str) -> str:
    return f"{reverse('brand_icon', args=[name])}?v={current.version()}"


def _picture(content: bytes, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Security-Policy"] = PICTURE_POLICY
    return response
