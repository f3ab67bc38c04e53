"""What chat knows about a person."""

from accounts.own_data import Leaving, own_rows

OF_OTHERS = "It is about other people."
AUDIT = "Rooms keep a record of what moderators did."

own_rows("chat.ChatMessage", "sender", Leaving.ELSEWHERE, "room__owner__login sent_at text removed_at")
own_rows("chat.ChatMessage", "room__owner", Leaving.DELETE, reason="What others said is in their exports.")
own_rows("chat.RoomModes", "room__owner", Leaving.DELETE, "slow_seconds followers_only subscribers_only automod_level")
own_rows("chat.Emote", "room__owner", Leaving.ELSEWHERE, "code animated created_at deleted_at")
own_rows("chat.Emote", "by", Leaving.UNLINK, "code created_at")
own_rows("chat.EmotePrefix", "room__owner", Leaving.DELETE, "text")
own_rows("chat.SubscriberBadge", "room__owner", Leaving.ELSEWHERE, "months")
own_rows("chat.ChatLook", "user", Leaving.DELETE, "color")
own_rows("chat.RoomRole", "user", Leaving.DELETE, "room__owner__login role created_at")
own_rows("chat.RoomRole", "room__owner", Leaving.DELETE, "user__login role created_at")
own_rows("chat.Ban", "user", Leaving.DELETE, "room__owner__login reason created_at until lifted_at warning")
own_rows("chat.Ban", "room__owner", Leaving.DELETE, "user__login reason created_at until lifted_at")
own_rows("chat.Ban", "by", Leaving.UNLINK, reason=OF_OTHERS)
own_rows("chat.HeldMessage", "sender", Leaving.DELETE, "room__owner__login message created_at approved")
own_rows("chat.HeldMessage", "room__owner", Leaving.DELETE, reason=OF_OTHERS)
own_rows("chat.HeldMessage", "by", Leaving.UNLINK, reason=OF_OTHERS)
own_rows("chat.UserNote", "user", Leaving.DELETE, "room__owner__login text created_at")
own_rows("chat.UserNote", "room__owner", Leaving.DELETE, reason=OF_OTHERS)
own_rows("chat.UserNote", "by", Leaving.UNLINK, reason=OF_OTHERS)
own_rows("chat.Poll", "room__owner", Leaving.DELETE, "question choices votes started_at ended_at")
own_rows("chat.Poll", "by", Leaving.UNLINK, "room__owner__login question started_at")
own_rows("chat.BlockedTerm", "room__owner", Leaving.DELETE, "text created_at")
own_rows("chat.ModeratorAct", "actor", Leaving.UNLINK, "room__owner__login act reason at")
own_rows("chat.ModeratorAct", "target", Leaving.UNLINK, "room__owner__login act reason at")
own_rows("chat.ModeratorAct", "room__owner", Leaving.DELETE, reason=AUDIT)
