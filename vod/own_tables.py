"""What recordings and clips know about a person."""

from accounts.own_data import Leaving, own_rows

own_rows(
    "vod.Vod", "channel__owner", Leaving.ELSEWHERE,
    "public_id title description chapters duration_seconds visibility view_count created_at deleted_at",
)  # fmt: skip
own_rows("vod.WatchPosition", "user", Leaving.DELETE, "vod__public_id seconds updated_at")
own_rows("vod.Clip", "channel__owner", Leaving.ELSEWHERE, "public_id title duration_seconds view_count created_at")
own_rows("vod.Clip", "clipper", Leaving.UNLINK, "public_id title channel__owner__login created_at")
own_rows("vod.Upload", "channel__owner", Leaving.ELSEWHERE, "filename title length state created_at")
own_rows("vod.ChannelUsage", "channel__owner", Leaving.DELETE, "bytes counted_at")
own_rows("vod.Waiter", "user", Leaving.DELETE, "vod__public_id wish created_at")
