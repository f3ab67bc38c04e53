"""What channels and broadcasts know about a person."""

from accounts.own_data import Leaving, own_rows

own_rows(
    "streaming.Channel", "owner", Leaving.ELSEWHERE,
    "title about category__name tags language tier follower_count last_live_at created_at",
)  # fmt: skip
own_rows("streaming.StreamKey", "channel__owner", Leaving.DELETE, "prefix created_at revoked_at")
own_rows(
    "streaming.Broadcast", "channel__owner", Leaving.ELSEWHERE,
    "public_id title category__name state started_at ended_at",
)  # fmt: skip
own_rows("streaming.IngestNotice", "channel__owner", Leaving.DELETE, "code text created_at")
own_rows("streaming.Follow", "user", Leaving.ELSEWHERE, "channel__owner__login created_at")
own_rows("streaming.Follow", "channel__owner", Leaving.DELETE, reason="Whom others follow is in their exports.")
own_rows(
    "streaming.AudienceSettings", "channel__owner", Leaving.DELETE,
    "raids_from raid_min_account_days raid_min_followers may_be_hosted host_order hosting__owner__login",
)  # fmt: skip
own_rows("streaming.AudienceSettings", "hosting__owner", Leaving.UNLINK, reason="Whom others host is in their exports.")
own_rows("streaming.HostEntry", "channel__owner", Leaving.DELETE, "hosted__owner__login position")
own_rows("streaming.HostEntry", "hosted__owner", Leaving.DELETE, reason="Whom others host is in their exports.")
own_rows("streaming.Raid", "source__owner", Leaving.DELETE, "target__owner__login state created_at viewers arrived")
own_rows("streaming.Raid", "target__owner", Leaving.DELETE, "source__owner__login state created_at viewers arrived")
own_rows("streaming.Raid", "started_by", Leaving.UNLINK, "source__owner__login target__owner__login created_at")
own_rows("streaming.NotInterested", "user", Leaving.DELETE, "channel__owner__login created_at")
own_rows("streaming.NotInterested", "channel__owner", Leaving.DELETE, reason="What others want is in their exports.")
own_rows("streaming.SearchEntry", "channel__owner", Leaving.DELETE, reason="Made of rows that are exported themselves.")
own_rows("streaming.ChannelNeighbour", "channel__owner", Leaving.DELETE, reason="Worked out of everyone's follows.")
own_rows("streaming.ChannelNeighbour", "other__owner", Leaving.DELETE, reason="Worked out of everyone's follows.")
own_rows("streaming.Schedule", "channel__owner", Leaving.DELETE, "time_zone")
own_rows(
    "streaming.ScheduleEntry", "schedule__channel__owner", Leaving.DELETE,
    "weekday on start minutes title category__name skipped_on",
)  # fmt: skip
