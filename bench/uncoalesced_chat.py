"""Our gateway with a write for each message, to be compared with servers that know no other way."""

from chat import fan_out

vars(fan_out).update(FLUSH_TICK_SECONDS=0.0, SLICE_VIEWERS=20_000)

from config.asgi_chat import application  # noqa: E402

__all__ = ["application"]
