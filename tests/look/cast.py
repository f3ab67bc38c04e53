"""What the pages show while they are looked at: the cast with channels, recordings, a room with a history.

`make_cast` runs inside Django, in a test or in `manage.py shell` of a running stack.
"""

from datetime import time as clock
from datetime import timedelta
from io import BytesIO
from time import time
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from PIL import Image, ImageColor, ImageDraw

from accounts.models import Report, User
from accounts.notifications.kinds import Kind
from accounts.notifications.mails import unsubscribe_url
from accounts.notifications.models import PushSubscription
from accounts.notifications.services import mark_all_read, notify_of_person, notify_user
from accounts.reports.kinds import kind_named
from accounts.reports.services import report_subject, resolve_reports
from accounts.services import create_api_token, create_chat_token, create_user
from chat.core.roles import Role
from chat.models import Ban, Emote, RoomRole
from chat.picture_store import store_emote_picture
from streaming.discovery.tags import facets_of
from streaming.models import Broadcast, Category, Channel, ScheduleEntry
from streaming.schedule.services import add_entry, set_time_zone, skip_entry
from streaming.services import create_channel, follow_channel
from tests.common import sample_pictures
from tests.look.passkey import sample_passkey
from tests.look.places import FRIDAS_PASSWORD
from transcode.hls import names
from transcode.models import LiveJob
from vod.models import Clip, Upload, Vod

WALK_SECONDS = 4 * 3600
LONG = "x" * 25  # the longest login there is
TITLE_MAX = (
    "The whole mill, from the first stone to the last: questions from chat, tea, and then we look at the wheel again"
)
OTHERS = {  # on air beside Alice, with tags; some with the longest of everything
    "frida": ("Practising scales until they sound", "Music", ["practice", "relaxed"]),
    "gustav": ("Baking bread for the week", "Talk", ["cooking", "deutsch", "slow"]),
    "hana": (TITLE_MAX, "Art", ["watercolour", "relaxed", "english", "longer-than-most-tags"]),
    LONG: ("Speedrunning the old village, any %", "Games", ["speedrun"]),
    "ivo": ("", "", []),
}
ABOUT = """I paint landscapes with water in them, mostly mills, and explain what I do.

Tuesdays and Fridays, 19:00. Questions are welcome at any time.
https://example.org/a-page-with-quite-a-long-address/that-does-not-break-anywhere-by-itself"""
SPECTRUM = ("#1f3a4d", "#34505a", "#4d3a2e", "#2f4d38", "#41345a", "#5a4a2e")


def make_cast(*, pictures: bool) -> dict[str, Any]:
    """Names and addresses for `places`, and everybody's session and token. `pictures`: storage is served."""
    people = {login: _person(login) for login in ("alice", "bob", "charlie", "dora", "erin", *OTHERS)}
    alice, charlie = people["alice"], people["charlie"]
    User.objects.filter(login="dora").update(is_staff=True, is_superuser=True)
    channel = _furnish(alice, "Painting the mill by the river", "Art", ["watercolour", "relaxed", "english"])
    Channel.objects.filter(pk=channel.pk).update(about=ABOUT)
    for number, (login, (title, category, tags)) in enumerate(OTHERS.items()):
        other = _furnish(people[login], title, category, tags)
        _put_on_air(other, viewers=_viewers(number), picture=_picture(number) if pictures else "")
        follow_channel(user=charlie, channel=other)
    follow_channel(user=charlie, channel=channel)
    follow_channel(user=people["bob"], channel=channel)
    _furnish_room(channel, people)
    TOTP.activate(people["frida"], generate_totp_secret())
    RecoveryCodes.activate(people["frida"])
    people["frida"].set_password(FRIDAS_PASSWORD)
    people["frida"].save()
    passkey = WebAuthn.add(people["frida"], "The key on the key ring", sample_passkey())
    _tell(charlie, alice)
    recordings = _recordings(channel, pictures=pictures)
    planned = _plan(channel, people)
    clip = _clip(recordings[0], charlie, pictures=pictures)
    _report(charlie, staff=people["dora"], video=recordings[0].public_id)
    create_chat_token(user=alice, name="A bot that greets", may_moderate=True, days=90)
    Upload.objects.create(
        channel=channel, filename="mill.mp4", title="The mill", length=9, state="refused", reason="It is no video."
    )
    return {
        "names": {
            "login": "alice",
            "offline": "bob",
            "empty": "erin",
            "longest": LONG,
            "video": recordings[0].public_id,
            "reported": recordings[0].public_id,
            "clip": clip,
            "channel": str(channel.pk),
            "planned": str(planned.pk),
            "passkey": str(passkey.instance.pk),
            "unsubscribe": unsubscribe_url(charlie.pk).rsplit("/", 1)[1],
        },
        "error_pages": {
            name: render_to_string(f"{name}.html") for name in ("400", "403", "403_csrf", "404", "500", "503")
        },
        "channel": channel.pk,
        "sessions": {login: session_of(user) for login, user in people.items()},
        "tokens": {
            login: create_api_token(user=people[login], name="look") for login in ("alice", "bob", "charlie", "erin")
        },
    }


def set_counts() -> None:
    """How many watch everyone but Alice: the site itself counts nobody there."""
    for number, login in enumerate(OTHERS):
        Channel.objects.filter(owner__login=login).update(viewer_count=_viewers(number))


def make_live_without_media() -> None:
    """Alice on air where nothing publishes: the pages around the picture."""
    _put_on_air(Channel.objects.get(owner__login="alice"), viewers=1234, picture="")


def _viewers(number: int) -> int:
    return 8000 // (number * number * 3 + 1)


def _person(login: str) -> User:
    user = User.objects.filter(login=login).first() or create_user(login=login, email=f"{login}@example.org")
    create_channel(owner=user)
    return user


def _furnish(owner: User, title: str, category: str, tags: list[str]) -> Channel:
    channel = Channel.objects.get(owner=owner)
    found = Category.objects.filter(name=category).first()
    if category and not found:
        found = Category.objects.create(name=category, slug=category.lower())
    channel.title, channel.tags, channel.category = title, tags, found
    channel.facets = facets_of(tags=tags, language=channel.language)
    channel.save()
    return channel


def _put_on_air(channel: Channel, *, viewers: int, picture: str) -> None:
    """As one whose encoder is away for long: nothing that looks after broadcasts touches it."""
    now = timezone.now()
    broadcast = Broadcast.objects.create(
        channel=channel,
        title=channel.title,
        category=channel.category,
        state="reconnecting",
        started_at=now - timedelta(hours=1, minutes=viewers % 60),
        reconnect_deadline=now + timedelta(days=1),
        preview_path=picture,
    )
    LiveJob.objects.create(stream_id=broadcast.public_id, finished_at=now)
    Channel.objects.filter(pk=channel.pk).update(is_live=True, viewer_count=viewers, last_live_at=now)


def _furnish_room(channel: Channel, people: dict[str, User]) -> None:
    RoomRole.objects.create(room=channel, user=people["bob"], role=Role.MODERATOR)
    RoomRole.objects.create(room=channel, user=people["frida"], role=Role.VIP)
    Ban.objects.create(room=channel, user=people["ivo"], by=people["bob"], reason="The same link again and again.")
    for code in ("aliceHype", "aliceWave"):
        Emote.objects.create(room=channel, code=code, picture=store_emote_picture(sample_pictures.still()).name)


def _tell(charlie: User, alice: User) -> None:
    """Charlie's bell and page: some read, some new, with the longest of everything; a browser that gets push."""
    notify_user(user_id=charlie.pk, kind=Kind.SECURITY, text="Your password was changed.", path="/accounts/security/")
    notify_user(user_id=charlie.pk, kind=Kind.RECORDING, text="“Sketches” can be watched.", path="/charlie/videos")
    mark_all_read(user_id=charlie.pk)
    for name in ("Bob", "Erin", "Gustav"):
        notify_of_person(
            user_id=charlie.pk,
            kind=Kind.FOLLOWER,
            name=name,
            did="followed you",
            path="/charlie",
            collapse_key="followers",
        )
    notify_user(user_id=charlie.pk, kind=Kind.LIVE, text=f"{alice} is live", detail=TITLE_MAX, path="/alice")
    notify_user(user_id=charlie.pk, kind=Kind.RAID, text=f"{LONG} raids you", detail=LONG * 4, path="/alice")
    PushSubscription.objects.create(
        user=charlie,
        endpoint="https://push.example.org/1",
        endpoint_digest="1",
        p256dh="",
        auth="",
        label="Firefox on Android",
    )


def _plan(channel: Channel, people: dict[str, User]) -> ScheduleEntry:
    """Alice's week with the longest title, one that is cancelled and a single one; Bob's, who is off air."""
    for login in ("alice", "bob", "charlie"):
        set_time_zone(channel=people[login].channel, name="Europe/Berlin")
    art, today = channel.category, timezone.now().date()
    week = [(today + timedelta(days=days)).weekday() for days in (0, 3, 5)]
    first, second, _ = [
        add_entry(channel=channel, weekday=day, start=clock(19), minutes=minutes, title=title, category=art)
        for day, minutes, title in zip(week, (180, 120, 90), ("Painting", "Questions and tea", TITLE_MAX), strict=True)
    ]
    skip_entry(entry=second, day=today + timedelta(days=3))
    next_month = today + timedelta(days=30)
    add_entry(channel=channel, on=next_month, start=clock(10), minutes=720, title="Twelve hours of mill")
    add_entry(channel=people["bob"].channel, weekday=week[0], start=clock(18, 30), minutes=60, title="The day's bans")
    return first


def _recordings(channel: Channel, *, pictures: bool) -> list[Vod]:
    """The newest first; one of a month ago that is private, one without a title."""
    made = []
    for number, (title, days, visibility) in enumerate(
        [("Painting the sky", 1, "public"), (TITLE_MAX, 3, "public"), ("", 9, "unlisted"), ("Sketches", 33, "private")]
    ):
        began = timezone.now() - timedelta(days=days)
        broadcast = Broadcast.objects.create(
            channel=channel, title=title, state="ended", started_at=began, ended_at=began
        )
        vod = Vod.objects.create(
            broadcast=broadcast,
            channel=channel,
            title=title,
            duration_seconds=3725 + 911 * number,
            visibility=visibility,
            view_count=(1234, 87, 1, 0)[number],
            preview_path=_picture(number + 3) if pictures else "",
        )
        Vod.objects.filter(pk=vod.pk).update(created_at=began)
        made.append(vod)
    return made


def _clip(vod: Vod, clipper: User, *, pictures: bool) -> str:
    clip = Clip.objects.create(
        channel=vod.channel,
        broadcast=vod.broadcast,
        clipper=clipper,
        title="The sky falls",
        starts_at=timezone.now() - timedelta(days=1),
        duration_seconds=42,
        state="ready",
        width=1280,
        height=720,
        view_count=56,
    )
    if pictures:
        default_storage.save(names.clip_key(clip.public_id, names.CLIP_POSTER), ContentFile(_hills(7)))
    return clip.public_id


def _report(reporter: User, *, staff: User, video: str) -> None:
    """Alice's recording, which nobody has decided on, and her channel, about which something was done."""
    for kind, name, reason, text in (
        ("video", video, "copyright", "The music from 12:00 on is ours.\nhttps://example.org/" + LONG * 3),
        ("channel", "alice", "spam", ""),
    ):
        report_subject(
            reporter=reporter, kind=kind, subject=kind_named(kind).find(name, reporter), reason=reason, text=text
        )
    resolve_reports(reports=Report.objects.filter(kind="channel"), by=staff)


def _picture(number: int) -> str:
    """In storage: a preview that looks like one."""
    return str(default_storage.save(f"previews/look/{number}.jpg", ContentFile(_hills(number))))


def _hills(number: int) -> bytes:
    """Hills before a sky, as JPEG."""
    sky = ImageColor.getrgb(SPECTRUM[number % len(SPECTRUM)])
    image = Image.new("RGB", (640, 360))
    pen = ImageDraw.Draw(image)
    for row in range(360):
        pen.line((0, row, 640, row), fill=(sky[0] + row // 8, sky[1] + row // 8, sky[2] + row // 8))
    pen.ellipse((80 + 60 * number, 40, 170 + 60 * number, 130), fill="#f2d9a0")
    pen.polygon([(0, 360), (0, 250), (180, 170), (360, 270), (520, 190), (640, 260), (640, 360)], fill="#16302c")
    pen.polygon([(0, 360), (0, 310), (250, 260), (640, 330), (640, 360)], fill="#0d201e")
    file = BytesIO()
    image.save(file, "JPEG", quality=80)
    return file.getvalue()


def session_of(user: User) -> str:
    """The cookie of somebody whose password was asked for a moment ago: pages of security do not ask again, however
    long the walk takes."""
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    request = HttpRequest()
    request.session = session
    record_authentication(request, user, method="password", reauthenticated=True, at=time() + WALK_SECONDS)
    session.create()
    return str(session.session_key)
