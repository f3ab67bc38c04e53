"""A channel's public recordings as RSS 2.0 and Atom, each with the address where it plays and its picture."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Enclosure, Rss201rev2Feed, SyndicationFeed
from django.utils.html import escape
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from common.addresses import absolute
from common.refusals import as_page_errors
from streaming.lookup import get_channel
from streaming.models import Channel
from vod.limits import FEED_ITEMS, FEED_SECONDS
from vod.models import Vod
from vod.sharing import HLS_TYPE, Shared, share_recording

MEDIA_NAMESPACE = "http://search.yahoo.com/mrss/"


class _WithMedia(SyndicationFeed):
    """Media RSS 1.5.1 in either kind of feed: what plays and for how long, and the picture."""

    def root_attributes(self) -> dict[str, str]:
        return {**super().root_attributes(), "xmlns:media": MEDIA_NAMESPACE}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        shared: Shared = item["shared"]
        plays = {"url": shared.playlist, "type": HLS_TYPE, "medium": "video", "duration": str(shared.duration_seconds)}
        handler.addQuickElement("media:content", "", plays)
        if picture := shared.picture:
            size = {"width": str(picture.width), "height": str(picture.height)}
            handler.addQuickElement("media:thumbnail", "", {"url": picture.url, **size})

    def latest_post_date(self) -> datetime:
        """Of an empty feed the channel's beginning, so that two answers are the same."""
        began_at: datetime = self.feed["began_at"]
        return max((item["pubdate"] for item in self.items), default=began_at)


class _Rss(_WithMedia, Rss201rev2Feed):
    pass


class _Atom(_WithMedia, Atom1Feed):
    pass


class VideosRss(Feed):  # type: ignore[type-arg]  # not generic when it runs
    """The newest recordings that anyone may find."""

    feed_type: type[SyndicationFeed] = _Rss
    route = "videos_rss"

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Channel:
        return get_channel(kwargs["login"])

    def title(self, channel: Channel) -> str:
        return f"{channel.owner} · {settings.SITE_NAME}"

    def link(self, channel: Channel) -> str:
        return absolute(channel.get_absolute_url())

    def feed_url(self, channel: Channel) -> str:
        return absolute(reverse(self.route, args=[channel.owner.login]))

    def description(self, channel: Channel) -> str:
        return f"Recordings of {channel.owner}'s broadcasts."

    subtitle = description

    def author_name(self, channel: Channel) -> str:
        return str(channel.owner)

    def feed_extra_kwargs(self, channel: Channel) -> dict[str, Any]:
        return {"began_at": channel.created_at}

    def items(self, channel: Channel) -> list[Shared]:
        return [share_recording(vod) for vod in Vod.objects.listed().filter(channel=channel)[:FEED_ITEMS]]

    def item_title(self, shared: Shared) -> str:
        return escape(shared.title)  # RSS does not say whether it is HTML, and readers take it for that

    def item_description(self, shared: Shared) -> str:
        return escape(shared.description)

    def item_link(self, shared: Shared) -> str:
        return shared.page

    def item_pubdate(self, shared: Shared) -> datetime | None:
        return shared.published_at

    item_updateddate = item_pubdate

    def item_enclosures(self, shared: Shared) -> list[Enclosure]:
        # A playlist has no length in bytes; 0 is what stands for "unknown".
        return [Enclosure(shared.playlist, "0", HLS_TYPE)]

    def item_categories(self, shared: Shared) -> list[str]:
        return [shared.category] if shared.category else []

    def item_extra_kwargs(self, shared: Shared) -> dict[str, Any]:
        return {"shared": shared}


class VideosAtom(VideosRss):
    """The same as Atom."""

    feed_type = _Atom
    route = "videos_atom"

    def item_title(self, shared: Shared) -> str:
        return shared.title  # Atom says that it is text


def _served(feed: VideosRss) -> Any:
    """With an ETag that changes with every word of it, which counts before Last-Modified (RFC 9110 §13.2.2): that is
    the newest recording's time."""
    guarded = as_page_errors()(feed.__call__)
    return require_safe(cache_control(public=True, max_age=FEED_SECONDS)(conditional_page(guarded)))


videos_rss = _served(VideosRss())
videos_atom = _served(VideosAtom())
