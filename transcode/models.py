"""What the media side keeps in the database: live jobs wanted, and an index of every segment made."""

from typing import ClassVar

from django.db import models

from transcode.hls.window import WindowSegment
from transcode.ladder import Rung


class StorageTier(models.TextChoices):
    """Where the archives of a recording are."""

    HOT = "hot"
    WARM = "warm"
    COLD = "cold"


class LiveJob(models.Model):
    """One broadcast's media work, by its public id. `wanted` is the desired state; a Redis lease says who does it."""

    stream_id = models.CharField(max_length=24, unique=True)
    priority = models.PositiveSmallIntegerField(default=5, help_text="0 is first: partner 0, affiliate 3, everyone 5.")
    wanted = models.BooleanField(default=True, help_text="False once the broadcast has ended.")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True, help_text="ENDLIST written, every segment indexed.")
    # What the multivariant playlist of the recording says of each rendition, merged over all runs.
    renditions = models.JSONField(default=list, blank=True)
    # Once each rendition is in one file: {rendition: {epoch: bytes of that run's initialization section}}. With the
    # segments' sizes this says where everything lies in it (hls.archive).
    archive = models.JSONField(null=True, blank=True)
    consolidated_at = models.DateTimeField(
        null=True, blank=True, help_text="The playlists use the archives, and what was live is deleted."
    )
    stored_bytes = models.BigIntegerField(default=0, help_text="All archives together.")
    storage_tier = models.CharField(max_length=4, choices=StorageTier.choices, default=StorageTier.HOT)
    leaving_tier = models.CharField(
        max_length=4, choices=StorageTier.choices, blank=True, help_text="Whose copies are to be deleted."
    )
    restore_asked_at = models.DateTimeField(null=True, blank=True, help_text="Somebody waits for it to come back.")
    restored_at = models.DateTimeField(null=True, blank=True)
    thinned_at = models.DateTimeField(null=True, blank=True, help_text="Qualities were dropped since it is old.")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["priority", "created_at"], condition=models.Q(finished_at=None), name="live_job_open"),
            models.Index(fields=["finished_at"], condition=models.Q(consolidated_at=None), name="live_job_scattered"),
        ]

    def __str__(self) -> str:
        return self.stream_id


class FileImport(models.Model):
    """A recording being made of an uploaded file, until it is whole: then a finished LiveJob takes its place."""

    stream_id = models.CharField(max_length=24, unique=True)
    attempts = models.PositiveIntegerField(default=0, help_text="The latest one's number is the epoch of its files.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.stream_id


class SegmentQuerySet(models.QuerySet["Segment"]):
    def of(self, stream_id: str) -> "SegmentQuerySet":
        return self.filter(stream_id=stream_id).order_by("sequence")


class Segment(models.Model):
    """One segment of a broadcast in all its renditions."""

    stream_id = models.CharField(max_length=24)
    sequence = models.PositiveIntegerField(help_text="Media sequence number.")
    epoch = models.PositiveIntegerField(help_text="Run of the pipeline that made it; part of every object name.")
    starts_at = models.DateTimeField(help_text="EXT-X-PROGRAM-DATE-TIME.")
    discontinuity = models.BooleanField(default=False)
    # {rendition: [duration in seconds, size in bytes, bytes up to the end of its first key frame, seconds by which it
    # starts later than `starts_at`]}; a rendition that is missing here has a gap. Older rows lack the last two numbers.
    renditions = models.JSONField(default=dict)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["stream_id", "sequence"], name="one_segment_per_sequence")
        ]

    def __str__(self) -> str:
        return f"{self.stream_id}/{self.sequence}"

    @property
    def duration(self) -> float:
        """Seconds; renditions differ by at most a frame."""
        return max((float(made[0]) for made in self.renditions.values()), default=0.0)

    def as_window_segment(self, rendition: str) -> WindowSegment:
        """This segment in one rendition; where it has none, a gap as long as the others'."""
        duration, size, key_bytes, later = (*self.renditions.get(rendition, (self.duration, 0)), 0, 0)[:4]
        return WindowSegment(
            msn=self.sequence,
            epoch=self.epoch,
            starts_at=self.starts_at.timestamp() + later,
            duration=duration,
            size=size,
            discontinuity=self.discontinuity,
            gap=rendition not in self.renditions,
            key_bytes=key_bytes,
        )


class LadderRung(models.Model):
    """One quality that staff wants made of large enough sources. Without any, `MILLRACE_LADDER` holds."""

    size = models.PositiveSmallIntegerField(unique=True, help_text="The picture's shorter side in pixels: 720.")
    kbps = models.PositiveIntegerField("kbit/s", help_text="Bit rate of the picture at its most frames per second.")
    max_frame_rate = models.FloatField(
        "frames/s", default=60, help_text="A source with about twice as many gives every second one."
    )

    class Meta:
        ordering: ClassVar = ["-size"]

    def __str__(self) -> str:
        return f"{self.size}p"

    def as_rung(self) -> Rung:
        """What the ladder's rules know of it."""
        return Rung(self.size, self.kbps * 1000, self.max_frame_rate)
