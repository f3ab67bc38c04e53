"""What chat.uvicorn_protocol relies on in uvicorn. A failure here means: read the new version before moving to it."""

import inspect

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

ATTRIBUTES = {
    "conn",
    "transport",
    "loop",
    "queue",
    "close_sent",
    "close_timer",
    "disconnected",
    "handshake_complete",
    "ping_interval",
    "read_paused",
    "response",
    "scope",
    "logger",
}


def test_uvicorn_is_the_version_this_was_written_for() -> None:
    assert uvicorn.__version__.startswith("0.54.")


def test_the_class_has_what_is_overridden() -> None:
    for name in ("connection_made", "data_received", "handle_connect", "shutdown", "run_asgi"):
        assert callable(getattr(WebSocketsSansIOProtocol, name))


def test_the_class_sets_what_is_used() -> None:
    source = inspect.getsource(WebSocketsSansIOProtocol)
    missing = {name for name in ATTRIBUTES if f"self.{name} " not in source and f"self.{name}:" not in source}
    assert not missing


def test_the_application_starts_after_handle_connect_returns() -> None:
    """The extension is added to the scope after super().handle_connect(): a task must not have run by then."""
    source = inspect.getsource(WebSocketsSansIOProtocol.handle_connect)
    assert "create_task(self.run_asgi())" in source
    assert "await" not in source


def test_the_keepalive_can_be_switched_off() -> None:
    assert "self.ping_interval is not None" in inspect.getsource(WebSocketsSansIOProtocol.start_keepalive)
