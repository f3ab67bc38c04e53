"""The pages that are measured, and for whom. Imported inside a made-up site's environment only."""

import random
from dataclasses import dataclass
from urllib.parse import quote

from django.db.models import Count

from accounts.models import User
from bench.page_limits import PAGE_BAR, SUGGESTION_BAR
from bench.signed_in import session_of
from streaming.models import Category, Channel
from vod.models import Clip, Visibility, Vod

DIFFERENT = 40  # addresses of one kind
NONSENSE = ("xqzv jkwpt", "zzzzzzzzzz", "qwrtp", "%%%___", "мир 世界")


@dataclass(frozen=True)
class Case:
    """Addresses of one kind. `session` is a session's key, empty for who is not signed in."""

    name: str
    paths: list[str]
    session: str = ""
    bar: float = PAGE_BAR


def all_cases() -> list[Case]:
    chance = random.Random(1)
    live = list(Channel.objects.live().select_related("owner")[:20_000])
    some_live = chance.sample(live, min(DIFFERENT, len(live)))
    offline = list(Channel.objects.filter(is_live=False, owner__is_active=True).select_related("owner")[:5_000])
    most_followed = Channel.objects.filter(owner__is_active=True).order_by("-follower_count").select_related("owner")
    return [
        *_fronts(),
        *_finding(chance),
        Case("channel, live", [f"/{channel.owner.login}" for channel in some_live]),
        Case("channel, live, follower of 50", [f"/{channel.owner.login}" for channel in some_live], follower_of(50)),
        Case("channel, off air", [f"/{one.owner.login}" for one in chance.sample(offline, min(40, len(offline)))]),
        Case("channel, most followers", [f"/{channel.owner.login}" for channel in most_followed[:3]]),
        *_recordings(chance, [channel.owner.login for channel in most_followed[:20]]),
        *_own(live[0]),
        *_lists(chance),
    ]


def follower_of(count: int) -> str:
    """A session of someone who follows about so many channels."""
    if count == 0:
        user = User.objects.filter(follows=None, is_active=True).order_by("pk").first()
    else:
        # Whoever is nearest among some: to count all would take long.
        some = User.objects.filter(is_active=True).order_by("-pk")[: 20_000 if count < 1_000 else 3]
        counted = User.objects.filter(pk__in=[one.pk for one in some]).annotate(followed=Count("follows"))
        user = min(counted, key=lambda one: abs(one.followed - count))
    assert user
    return session_of(user)


def _fronts() -> list[Case]:
    return [
        Case("front", ["/"]),
        *(Case(f"front, follower of {count}", ["/"], follower_of(count)) for count in (0, 50, 2_000)),
    ]


def _finding(chance: random.Random) -> list[Case]:
    popular = list(Category.objects.order_by("-live_count").values_list("slug", flat=True)[:10])
    tail = list(Category.objects.order_by("live_count").values_list("slug", flat=True)[:DIFFERENT])
    names = [*Category.objects.values_list("name", flat=True)[:DIFFERENT]]
    logins = [*User.objects.order_by("pk").values_list("login", flat=True)[:2_000]]
    words = [*chance.sample(logins, DIFFERENT // 2), *(name.lower() for name in names[: DIFFERENT // 2])]
    seldom = [*User.objects.order_by("-pk").values_list("login", flat=True)[: DIFFERENT // 2]]
    slips = [_mistyped(word, chance) for word in (*words, *seldom)]
    typed = [word[:length] for word in words for length in range(1, len(word) + 1)]
    order = "?sort=newest"
    return [
        Case("browse", ["/browse", "/browse?sort=name"]),
        Case("browse, everyone live", ["/browse/live", f"/browse/live{order}", "/browse/live?sort=few"]),
        Case("browse, everyone live in a language", [f"/browse/live?language={one}" for one in ("en", "de", "ja")]),
        Case("category, popular", [f"/browse/{slug}{how}" for slug in popular for how in ("", order)]),
        Case("category, tail", [f"/browse/{slug}{how}" for slug in tail for how in ("", order)]),
        Case("tag", [f"/browse/tags/{tag}" for tag in ("stream", "live", "game", "chess", "boldart", "wildbread")]),
        Case("category with tag", [f"/browse/{slug}?tag={tag}" for slug in popular[:4] for tag in ("stream", "chess")]),
        Case("search, common word", _asked("stream", "live", "run", "game", "first live")),
        Case("search, rare word", _asked("corundbast", "delaekand", "braoutark", "zorivold", *logins[500:510])),
        Case("search, mistyped", _asked(*slips)),
        Case("search, nonsense", _asked(*NONSENSE)),
        Case("search, all channels", _asked("stream", "live", kind="channels")),
        Case("search, all videos", _asked("stream", "live", kind="videos")),
        Case("suggestions as typed", [f"/api/v1/search/suggestions?q={quote(text)}" for text in typed],
             bar=SUGGESTION_BAR),
        Case("suggestions, mistyped",
             [f"/api/v1/search/suggestions?q={quote(slip)}" for slip in slips], bar=SUGGESTION_BAR),
        Case("suggestions, nonsense", [f"/api/v1/search/suggestions?q={quote(one)}" for one in NONSENSE],
             bar=SUGGESTION_BAR),
    ]  # fmt: skip


def _recordings(chance: random.Random, logins: list[str]) -> list[Case]:
    public = {"visibility": Visibility.PUBLIC, "channel__owner__is_active": True}
    videos = Vod.objects.filter(**public).order_by("pk").values_list("public_id", flat=True)
    clips = Clip.objects.filter(**public).order_by("pk").values_list("public_id", flat=True)
    return [
        Case("recording", [f"/videos/{name}" for name in videos[:DIFFERENT]]),
        Case("recording, signed in", [f"/videos/{name}" for name in videos[:DIFFERENT]], follower_of(50)),
        Case("clip", [f"/clips/{name}" for name in clips[:DIFFERENT]]),
        Case("videos of a channel", [f"/{login}/videos" for login in logins]),
        Case("clips of a channel", [f"/{login}/clips" for login in logins]),
        Case("feed of a channel", [f"/{login}/videos.rss" for login in logins]),
        Case("embedded channel", [f"/embed/{login}" for login in logins]),
        Case("sitemaps", ["/sitemap.xml", "/sitemap-channels.xml", "/sitemap-channels.xml?p=2", "/sitemap-videos.xml"],
             bar=1_000.0),
    ]  # fmt: skip


def _own(live: Channel) -> list[Case]:
    owner = session_of(live.owner)
    return [
        Case("following, 50", ["/following"], follower_of(50)),
        Case("following, 2,000", ["/following"], follower_of(2_000)),
        Case("dashboard, live", ["/dashboard/"], owner),
        Case("dashboard, videos", ["/dashboard/videos/"], owner),
        Case("dashboard, clips", ["/dashboard/clips/"], owner),
    ]


def _lists(chance: random.Random) -> list[Case]:
    slugs = Category.objects.order_by("-live_count").values_list("slug", flat=True)[:5]
    logins = Channel.objects.live().values_list("owner__login", flat=True)[:DIFFERENT]
    return [
        Case("API, streams", ["/api/v1/streams", "/api/v1/streams?offset=200", "/api/v1/streams?limit=100"]),
        Case("API, streams of a category", [f"/api/v1/streams?category={slug}" for slug in slugs]),
        Case("API, one stream", [f"/api/v1/streams/{login}" for login in logins]),
        Case("API, videos", ["/api/v1/videos", "/api/v1/videos?offset=200"]),
        Case("API, clips", [f"/api/v1/clips?channel={login}" for login in logins[:5]]),
    ]


def _asked(*words: str, kind: str = "") -> list[str]:
    rest = f"&kind={kind}" if kind else ""
    return [f"/search?q={quote(word)}{rest}" for word in words]


def _mistyped(word: str, chance: random.Random) -> str:
    """Two neighbours in the other order."""
    at = chance.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
