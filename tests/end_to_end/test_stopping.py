"""One command starts it, Ctrl-C stops it, and two of them run side by side."""

from bench.show import Show
from bench.stack import Stack
from tests.media.counter_clip import SMALL


def test_a_stack_stopped_on_air_leaves_nothing_running(stack: Stack) -> None:
    second = Stack(TRANSCODED_RUNGS=1).start()  # beside the one of the other tests
    alice = second.create_user("alice", streamer=True)
    on_air = Show(second, alice, clip=SMALL)
    try:
        on_air.begin()
        on_air.wait_until_live()
    finally:
        left = second.stop()
        on_air.publisher.stop()
    assert left == []
    assert not second.live_edge.exists(), "the live edge is still in memory"
    assert stack.is_ready(), "the other stack was stopped as well"
