"""What search engines may look at: robots.txt, and sitemaps of channels and public recordings."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import index, sitemap
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from common.addresses import absolute
from streaming.models import Channel
from vod.limits import SITEMAP_ADDRESSES
from vod.models import Vod
from vod.sharing import share_recording

# Not /media/: engines that show videos look at what a page says it plays.
NOT_FOR_CRAWLERS = ("/accounts/", "/admin/", "/api/", "/dashboard", "/internal", "/metrics", "/oembed", "/style")


class _OurSitemap(Sitemap):  # type: ignore[type-arg]  # not generic when it runs
    """Under the site's own name, whatever name a request came in under."""

    limit = SITEMAP_ADDRESSES

    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.SITE_URL).netloc


class Channels(_OurSitemap):
    """Everyone who has been on air."""

    def items(self) -> QuerySet[Channel]:
        been_on_air = Channel.objects.filter(owner__is_active=True, last_live_at__isnull=False)
        return been_on_air.select_related("owner").order_by("pk")

    def lastmod(self, channel: Channel) -> datetime | None:
        return channel.last_live_at

    def get_latest_lastmod(self) -> None:
        """Someone goes on air every moment: an engine that comes again finds a change in any case."""


class Videos(_OurSitemap):
    """Public recordings, the oldest first, so that each stays in its file."""

    def items(self) -> QuerySet[Vod]:
        return Vod.objects.listed().order_by("pk")

    def lastmod(self, vod: Vod) -> datetime:
        return vod.created_at

    def get_latest_lastmod(self) -> datetime | None:
        return self.items().order_by("-created_at", "-id").values_list("created_at", flat=True).first()


SITEMAPS: dict[str, Any] = {"channels": Channels, "videos": Videos}


@require_safe
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """All sitemaps; those that are full go on with `?p=2`."""
    answer = index(request, SITEMAPS, sitemap_url_name="sitemap_section")
    for entry in (answer.context_data or {})["sitemaps"]:
        parts = urlsplit(entry.location)  # which Django begins with the request's host
        entry.location = absolute(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    return answer


@require_safe
def sitemap_section(request: HttpRequest, section: str) -> HttpResponse:
    """One of them; recordings with what Google's video extension asks for."""
    template = "vod/sitemap_videos.xml" if section == "videos" else "sitemap.xml"
    answer = sitemap(request, SITEMAPS, section=section, template_name=template)
    if section == "videos":
        for entry in (answer.context_data or {})["urlset"]:
            entry["shared"] = share_recording(entry["item"])
    return answer


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers should leave alone, and where the sitemap is."""
    refused = [f"Disallow: {path}" for path in NOT_FOR_CRAWLERS]
    lines = ["User-agent: *", *refused, "", f"Sitemap: {absolute(reverse('sitemap_index'))}"]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
