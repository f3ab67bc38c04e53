"""Forms of who watches: finding, following, clips, recordings."""

from datetime import timedelta

from django.utils import timezone

from streaming.discovery.recommendations import hidden_channels, hide_recommendation
from streaming.models import Channel, Follow
from tests.pages.plain.cases import Case, Stage, user
from transcode.models import LiveJob, StorageTier
from vod.models import Clip, Vod


def follow_of(login: str, channel: str) -> Follow | None:
    return Follow.objects.filter(user__login=login, channel__owner__login=channel).first()


def alice_is_muted(stage: Stage) -> bool:
    found = follow_of("charlie", "alice")
    return found is not None and not found.notify


def recording_is_cold(stage: Stage) -> None:
    vod = Vod.objects.select_related("broadcast").get(public_id=stage.names["video"])
    now = timezone.now()
    LiveJob.objects.create(
        stream_id=vod.broadcast.public_id,
        wanted=False,
        finished_at=now,
        consolidated_at=now,
        stored_bytes=3 << 30,
        storage_tier=StorageTier.COLD,
    )


def gustav_is_hidden(stage: Stage) -> None:
    hide_recommendation(user=user("erin"), channel=Channel.objects.get(owner__login="gustav"))


def somebody_long_ago(stage: Stage) -> None:
    """Off air, so that Charlie's follows can be sorted."""
    Channel.objects.filter(owner__login="bob").update(last_live_at=timezone.now() - timedelta(days=9))
    Follow.objects.create(user=user("charlie"), channel=Channel.objects.get(owner__login="bob"))


WATCHING: tuple[Case, ...] = (
    # What asks and changes nothing
    Case("GET search", "/about", fill={"q": "alice"}, says="Results for “alice”",
         lacks="Nothing found"),
    Case("GET search", "/search?q=alice&kind=channels", fill={"q": "hana"}, button="Search",
         says="Results for “hana”", lacks="Nothing found"),
    Case("GET browse", "/browse", fill={"q": "Art"}, button="Apply", says="Art", lacks="Music"),
    Case("GET browse", "/browse", "charlie", fill={"sort": "name"}, button="Apply", says="Music"),
    Case("GET browse_live", "/browse/live", fill={"tag": "watercolour", "sort": "few"}, button="Apply",
         says="Painting the mill", lacks="Practising scales"),
    Case("GET browse_live", "/browse/live", fill={"sort": "newest"}, button="Apply", says="Painting the mill",
         wrong={"tag": "two words"}, at="tag", why="letters and digits"),
    Case("GET browse_live", "/browse/tags/watercolour", fill={"language": "fi"}, button="Apply",
         says="No one live fits"),
    Case("GET category", "/browse/art", fill={"tag": "practice"}, button="Apply", says="No one live fits",
         lacks="Painting the mill"),
    Case("GET channel_videos", "/alice/videos", fill={"sort": "watched"}, button="Apply", says="Painting the sky"),
    Case("GET channel_clips", "/alice/clips", fill={"sort": "newest"}, button="Apply", says="The sky falls"),
    Case("GET following", "/following", "charlie", fill={"sort": "oldest"}, button="Sort", first=somebody_long_ago,
         says="Off air"),
    # What changes something
    Case("POST watch_follow", "/alice", "erin", button="Follow", says="Following",
         so=lambda _: follow_of("erin", "alice")),
    Case("POST watch_follow", "/alice/about", "charlie", button="Following",
         so=lambda _: not follow_of("charlie", "alice"), says="alice"),
    Case("POST watch_follow", "/videos/{video}", "charlie", button="mute", so=alice_is_muted, says="alice"),
    Case("POST watch_follow", "/following?unfollowed=bob", "charlie", button="Undo", says="Following",
         so=lambda _: follow_of("charlie", "bob")),
    Case("POST watch_recommend", "/", "erin", button="no", says="is not recommended to you any more",
         so=lambda _: hidden_channels(user("erin"))),
    Case("POST watch_recommend", "/following", "erin", button="yes", first=gustav_is_hidden,
         so=lambda _: not hidden_channels(user("erin")), says="Following"),
    Case("POST video_prepare", "/videos/{video}", first=recording_is_cold, says="Preparing this recording"),
    Case("POST video_download", "/videos/{video}/download", "alice", button="Make the file",
         says="Waiting for its turn"),
    Case(
        "POST clip_new", "/clips/new?video={video}", "erin", fill={"title": "Clouds", "begin": "0:10", "seconds": "20"},
        says="The clip is being made",
        so=lambda _: Clip.objects.get(title="Clouds").duration_seconds == 20,
        wrong={"begin": "soon"}, at="begin", why="12:34",
    ),
    Case(
        "POST clip_new", "/clips/new?channel=alice", "charlie", fill={"title": "Now", "seconds": "15"},
        says="The clip is being made",
        so=lambda _: Clip.objects.get(title="Now").duration_seconds == 15,
        wrong={"title": "No\x07w"}, why="cannot be shown",
    ),
    Case("POST clip_delete", "/clips/{clip}/delete", "charlie", says="is deleted",
         so=lambda _: not Clip.objects.kept().exists()),
)  # fmt: skip
