"""Every Redis key of chat. One room's keys share the hash tag {room}, so that a cluster keeps them on one shard."""


def room_sequence(room_id: int) -> str:
    """The last sequence number given out in the room. TTL ROOM_KEYS_SECONDS."""
    return f"chat:{{{room_id}}}:seq"


def room_history(room_id: int) -> str:
    """Stream of the room's latest events; the entry id is `<seq>-0`. At most HISTORY_LENGTH, TTL ROOM_KEYS_SECONDS."""
    return f"chat:{{{room_id}}}:history"


def room_log(room_id: int) -> str:
    """Stream of events not yet in PostgreSQL. At most LOG_LENGTH; the log worker deletes what it has stored."""
    return f"chat:{{{room_id}}}:log"


def room_feed(room_id: int) -> str:
    """Pub/Sub name of the room's events (`SPUBLISH` in a cluster)."""
    return f"chat:{{{room_id}}}:feed"


def nonce(room_id: int, user_id: int, client_nonce: str) -> str:
    """What a sender's nonce became: `<id> <seq>`. TTL NONCE_SECONDS."""
    return f"chat:{{{room_id}}}:nonce:{user_id}:{client_nonce}"


def user_rate(room_id: int, user_id: int) -> str:
    """List of the times (ms) a user spoke in the room, latest first. As long as his limit, TTL its window."""
    return f"chat:{{{room_id}}}:spoke:{user_id}"


def room_rate(room_id: int) -> str:
    """Hash-free counter of the room's messages in the current second. TTL 2 s."""
    return f"chat:{{{room_id}}}:rate"


def room_bans(room_id: int) -> str:
    """Hash of user id to until when he may not speak (ms, 0 = for ever). TTL ROOM_KEYS_SECONDS.

    Its field `loaded` says that it is complete, `changes` counts what moderators did since.
    """
    return f"chat:{{{room_id}}}:bans"


def room_policy(room_id: int) -> str:
    """Version of the room's latest policy. TTL ROOM_KEYS_SECONDS."""
    return f"chat:{{{room_id}}}:policy"


def slow_mode(room_id: int, user_id: int) -> str:
    """When a user last spoke (ms) in a room in slow mode. TTL its interval."""
    return f"chat:{{{room_id}}}:slow:{user_id}"


def said_lately(room_id: int, digest: str) -> str:
    """Exists while the words with this digest may not be repeated. TTL UNIQUE_SECONDS."""
    return f"chat:{{{room_id}}}:unique:{digest}"


def room_board(room_id: int) -> str:
    """Hash of what stands above the room's messages: `pin`, `poll`, `votes`, as JSON. TTL ROOM_KEYS_SECONDS."""
    return f"chat:{{{room_id}}}:board"


def poll_votes(room_id: int, poll_id: int) -> str:
    """Hash of a poll: when it ends (`ends_at`, ms), how many `choices`, votes for each by number, and what of them was
    told. TTL POLL_KEYS_SECONDS.
    """
    return f"chat:{{{room_id}}}:poll:{poll_id}"


def poll_voters(room_id: int, poll_id: int) -> str:
    """Set of user ids that have voted. TTL POLL_KEYS_SECONDS."""
    return f"chat:{{{room_id}}}:poll:{poll_id}:voters"


def room_presence(room_id: int) -> str:
    """Hash of gateway to who is in the room through it, as JSON with the time. TTL PRESENCE_KEPT_SECONDS."""
    return f"chat:{{{room_id}}}:present"


def logged_rooms() -> str:
    """Sorted set of rooms whose log may hold something, by when a publisher last said so (s). Trimmed by the worker."""
    return "chat:logged-rooms"


def gateways_feed() -> str:
    """Pub/Sub name every gateway listens to, so that its connection lives even without a room."""
    return "chat:gateways"
