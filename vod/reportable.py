"""What can be reported of recordings and clips: those one may see."""

from django.urls import reverse
from django.utils.formats import date_format

from accounts.models import User
from accounts.reports import Fact, Subject, report_kind
from vod.clip_services import clip_for_viewer
from vod.services import vod_for_page


@report_kind("video", label="this recording")
def find_video(name: str, viewer: User) -> Subject:
    vod = vod_for_page(public_id=name, viewer=viewer)
    owner = vod.channel.owner
    return Subject(
        key=vod.public_id,
        title=f"“{vod.title or 'Untitled broadcast'}”, a recording of {owner}",
        facts=(
            Fact("Title", vod.title),
            Fact("Description", vod.description),
            Fact("Chapters", "\n".join(chapter.title for chapter in vod.chapter_list)),
            Fact("Channel", owner.login),
            Fact("Broadcast", vod.broadcast.public_id),
            Fact("Who may watch", vod.visibility),
            Fact("Made", date_format(vod.created_at, "j F Y, H:i") + " UTC"),
        ),
        owner=owner,
        path=vod.get_absolute_url(),
        staff_path=reverse("admin:vod_vod_change", args=[vod.pk]),
    )


@report_kind("clip", label="this clip")
def find_clip(name: str, viewer: User) -> Subject:
    """Its channel answers for it: what it shows was on air there. Who cut it, and may have named it, stands beside."""
    clip = clip_for_viewer(public_id=name, viewer=viewer)
    owner = clip.channel.owner
    return Subject(
        key=clip.public_id,
        title=f"“{clip.title or 'Untitled clip'}”, a clip of {owner}",
        facts=(
            Fact("Title", clip.title),
            Fact("Channel", owner.login),
            Fact("Clipped by", clip.clipper.login if clip.clipper else ""),
            Fact("Broadcast", clip.broadcast.public_id if clip.broadcast else ""),
            Fact("Made", date_format(clip.created_at, "j F Y, H:i") + " UTC"),
        ),
        owner=owner,
        path=clip.get_absolute_url(),
        staff_path=reverse("admin:vod_clip_change", args=[clip.pk]),
    )
