"""Forms of who streams and who moderates."""

from datetime import timedelta

from django.utils import timezone

from chat.core.message_ids import message_id
from chat.emotes import prefix_of, remove_emote, set_subscriber_badge
from chat.models import Ban, ChatMessage, Emote, HeldMessage, SubscriberBadge
from streaming.models import Broadcast, Channel, Raid, StreamKey
from streaming.raids.services import start_raid
from tests.common import sample_pictures
from tests.pages.plain.cases import Case, Stage, user
from vod.models import Visibility, Vod
from vod.services import delete_vod

ALICES, VIDEO, ROOM = "/dashboard/", "/dashboard/videos/{video}/", "/dashboard/moderation/alice/"
HELD_ID, SAID_ID = (str(message_id(unix_ms=1_900_000_000_000 + number, random=number)) for number in (1, 2))
VIDEOS, EMOTES = "/dashboard/videos/", "/dashboard/emotes/"
PICTURE = sample_pictures.still()


def alices() -> Channel:
    return Channel.objects.select_related("owner").get(owner__login="alice")


def video(stage: Stage) -> Vod:
    return Vod.objects.get(public_id=stage.names["video"])


def raid_counts(stage: Stage) -> None:
    start_raid(source=alices(), actor=user("alice"), login="hana", seconds=60)


def raid_is(state: str) -> bool:
    return Raid.objects.get(source=alices()).state == state


def video_is_deleted(stage: Stage) -> None:
    delete_vod(vod=video(stage))


def two_badges_and_a_removed_emote(stage: Stage) -> None:
    alice = user("alice")
    set_subscriber_badge(room=alices(), actor=alice, months=3, picture=PICTURE)
    remove_emote(room=alices(), actor=alice, code="aliceWave")


def alice_has_a_prefix(stage: Stage) -> None:
    prefix_of(room=alices())


def something_waits(stage: Stage) -> None:
    charlie = user("charlie")
    said = {"id": HELD_ID, "text": "Buy followers", "user": {"login": "charlie", "display_name": "charlie"}}
    HeldMessage.objects.create(id=HELD_ID, room=alices(), sender=charlie, message=said, score=0.9)


def something_was_said(stage: Stage) -> None:
    charlie = user("charlie")
    ChatMessage.objects.create(
        id=SAID_ID, room=alices(), seq=1, sender=charlie, login="charlie", display_name="Charlie", text="Good evening",
        sent_at=timezone.now() - timedelta(minutes=1),
    )  # fmt: skip


DASHBOARD: tuple[Case, ...] = (
    Case(
        "POST dashboard", ALICES, "alice", fill={"title": "Glazing", "tags": "oil, calm", "about": "One\nTwo"},
        says="Saved.", so=lambda _: (alices().title, alices().tags) == ("Glazing", ["oil", "calm"]),
        wrong={"category": "No such thing"}, at="category", why="no category",
    ),
    Case(
        "POST dashboard_marker", ALICES, "alice", fill={"text": "The first stone"}, says="Marked.",
        so=lambda _: alices().broadcasts.on_air().get().notes.filter(text="The first stone").exists(),
        wrong={"text": "The first\x07stone"}, at="text", why="characters",
    ),
    Case(
        "POST dashboard_raid", ALICES, "alice", fill={"login": "hana"}, says="The raid counts down",
        so=lambda _: raid_is("counting"), wrong={"login": "nobody_here"}, at="login", why="no channel called",
    ),
    Case("POST dashboard_raid_now", ALICES, "alice", first=raid_counts, says="on their way",
         so=lambda _: not raid_is("counting")),
    Case("POST dashboard_raid_cancel", ALICES, "alice", first=raid_counts, says="The raid is cancelled",
         so=lambda _: raid_is("cancelled")),
    Case("POST dashboard_end", "/dashboard/end", "alice", says="The broadcast has ended",
         so=lambda _: not Broadcast.objects.filter(channel=alices()).on_air().exists()),
    Case(
        "POST dashboard_audience", "/dashboard/audience/", "alice", fill={"hosts": "hana\nivo"}, says="Saved.",
        wrong={"hosts": "hana\nnobody_here"}, at="hosts", why="nobody_here",
    ),
    Case("POST dashboard_setup", "/dashboard/setup/", "alice", says="Your new stream key",
         so=lambda _: StreamKey.objects.filter(channel=alices(), revoked_at=None).exists()),
    # Recordings
    Case("GET dashboard_videos", VIDEOS, "alice", fill={"q": "sky"}, button="Find", says="1 of 4"),
    Case("POST video_visibility", "/dashboard/videos/?q=sky", "alice", fill={"visibility": "private"}, button="Save",
         says="1 of 4", so=lambda stage: video(stage).visibility == Visibility.PRIVATE),
    Case("POST videos_change", VIDEOS, "alice", fill={"all": ["1"], "act": "unlisted"}, button="Apply",
         says="4 recordings now", so=lambda _: Vod.objects.filter(visibility=Visibility.UNLISTED).count() == 4),
    Case("POST videos_change", "/dashboard/videos/?q=sky", "alice", fill={"all": ["1"], "act": "delete"},
         button="Apply", says="1 recording deleted", so=lambda stage: video(stage).deleted_at),
    Case("POST videos_change", VIDEOS, "alice", fill={"all": ["1"]}, button="Restore chosen",
         first=video_is_deleted, says="1 recording back", so=lambda stage: not video(stage).deleted_at),
    Case("POST video_restore", VIDEOS, "alice", first=video_is_deleted, says="is back",
         so=lambda stage: not video(stage).deleted_at),
    Case("POST video_delete", "/dashboard/videos/{video}/delete", "alice", says="is deleted",
         so=lambda stage: video(stage).deleted_at),
    Case(
        "POST video_edit", VIDEO, "alice",
        fill={"title": "Sky", "description": "Blue\nand grey", "downloads_allowed": ["on"],
              "chapters": "0:00 Blue\n1:00 Grey"},
        says="Saved.", so=lambda stage: (video(stage).title, len(video(stage).chapters)) == ("Sky", 2),
        wrong={"chapters": "0:00 Blue\nthen grey"}, at="chapters", why="then grey",
    ),
    Case(
        "POST video_highlight", VIDEO, "alice", fill={"begin": "0:10", "end": "1:00", "title": "The best"},
        says="The highlight is being made", so=lambda _: Vod.objects.filter(title="The best").exists(),
        wrong={"end": "one minute"}, at="end", why="1:02:03",
    ),
    Case(
        "POST video_poster", VIDEO, "alice", fill={"at": "0:30"}, says="another picture",
        wrong={"at": "half"}, at="at", why="1:02:03",
    ),
    Case("POST video_poster", VIDEO, "alice", fill={"picture": sample_pictures.still(size=(640, 360))},
         says="another picture", wrong={"picture": b"no picture"}, at="picture", why="no picture",
         unkept=("picture",)),
    # Emotes
    Case(
        "POST dashboard_emotes", EMOTES, "alice", fill={"name": "Mill", "picture": PICTURE},
        says="aliceMill", so=lambda _: Emote.objects.filter(code="aliceMill").exists(),
        wrong={"picture": b"no picture"}, at="picture", why="no picture", unkept=("picture",),
    ),
    Case("POST dashboard_emote_remove", EMOTES, "alice", button="Remove aliceHype",
         says="aliceHype is removed", so=lambda _: Emote.objects.get(code="aliceHype").deleted_at),
    Case("POST dashboard_emote_restore", EMOTES, "alice", first=two_badges_and_a_removed_emote,
         says="aliceWave is back", so=lambda _: not Emote.objects.get(code="aliceWave").deleted_at),
    Case(
        "POST dashboard_emote_prefix", EMOTES, "erin", fill={"prefix": "erin7"},
        says="Your emotes begin with erin7 now", first=alice_has_a_prefix,
        wrong={"prefix": "alice"}, at="prefix", why="Choose a different prefix",
    ),
    Case(
        "POST dashboard_badge", EMOTES, "alice", fill={"months": "6", "picture": PICTURE},
        says="The badge is set", so=lambda _: SubscriberBadge.objects.filter(months=6).exists(),
        wrong={"picture": b"no picture"}, at="picture", why="no picture", unkept=("picture",),
    ),
    Case("POST dashboard_badge_remove", EMOTES, "alice", first=two_badges_and_a_removed_emote,
         says="The badge is removed", so=lambda _: not SubscriberBadge.objects.exists()),
    # Moderation
    Case("POST moderation_decide", ROOM, "bob", first=something_waits, button="Do not show",
         says="The message is not shown", so=lambda _: HeldMessage.objects.get().approved is False),
    Case("POST moderation_unban", f"{ROOM}bans", "bob", says="ivo can write again",
         so=lambda _: Ban.objects.get(user=user("ivo")).lifted_at),
    Case("POST moderation_remove", f"{ROOM}log?q=evening", "bob", first=something_was_said,
         says="The message is removed"),
    Case("GET moderation_log", f"{ROOM}log", "bob", fill={"q": "evening", "since": "2020-01-01T10:00"},
         first=something_was_said, says="What was found", wrong={"since": "yesterday"}, at="since", why="valid date"),
    Case("GET moderation_bans", f"{ROOM}bans", "bob", fill={"user": "@Ivo"}, button="Search", says="The same link"),
    Case("GET moderation_acts", f"{ROOM}acts", "bob", fill={"user": "ivo"}, button="Search",
         says="Nothing by or about that person"),
)  # fmt: skip
