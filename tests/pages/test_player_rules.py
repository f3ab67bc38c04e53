"""The player's pure modules, run by Node.js: which screen is shown, and where to jump."""

import json
import subprocess
from typing import Any

import pytest
from django.conf import settings

PLAYER = settings.BASE_DIR / "static/js/player"
CALM = {"picture": True, "moving": True, "problem": None, "finished": False}
NOTHING_YET = {**CALM, "picture": False}
STUCK = {**CALM, "moving": False}


def ask(module: str, call: str, facts: dict[str, Any]) -> Any:
    """What `call(facts)` of a module without imports returns."""
    script = (PLAYER / f"{module}.js").read_text() + f"\nconsole.log(JSON.stringify({call}({json.dumps(facts)})));"
    answer = subprocess.run(
        ["node", "--input-type=module", "-"], input=script, capture_output=True, text=True, timeout=20, check=True
    )
    return json.loads(answer.stdout)


@pytest.mark.parametrize(
    ("channel", "facts", "screen"),
    [
        ("offline", NOTHING_YET, "offline"),
        ("starting", NOTHING_YET, "starting"),
        ("live", NOTHING_YET, "loading"),
        ("live", CALM, "none"),
        ("live", STUCK, "buffering"),
        ("reconnecting", CALM, "none"),  # what is buffered still plays
        ("reconnecting", STUCK, "reconnecting"),
        ("starting", STUCK, "reconnecting"),  # the encoder is back, its first segment is not
        ("ended", CALM, "none"),  # the last seconds play out
        ("ended", STUCK, "ended"),
        ("ended", {**CALM, "finished": True}, "ended"),
        ("ended", NOTHING_YET, "ended"),
        ("recording", NOTHING_YET, "loading"),
        ("recording", CALM, "none"),
        ("recording", {**STUCK, "finished": True}, "none"),
        ("live", {**CALM, "problem": {"title": "Refused"}}, "error"),
    ],
)
def test_the_screen_follows_from_the_facts(channel: str, facts: dict[str, Any], screen: str) -> None:
    assert ask("screens", "screenFor", {"channel": channel, **facts}) == screen


@pytest.mark.parametrize(
    ("facts", "target"),
    [
        ({"now": 10, "ranges": [[0, 10]], "edge": 10.5}, None),  # nothing to play yet: wait
        ({"now": 10, "ranges": [[0, 10], [12, 15]], "edge": 13.9}, 13.9),  # over the gap, to the edge
        ({"now": 10, "ranges": [[0, 10], [12, 15]], "edge": 16}, 14.7),  # not beyond what is there
        ({"now": 10, "ranges": [[0, 10], [12, 15]], "edge": None}, 12.1),
        ({"now": 10, "ranges": [[0, 14]], "edge": 13}, 10.1),  # data is there, the decoder sticks
        ({"now": 10, "ranges": [[0, 9]], "edge": 40}, 40),  # the window has moved on
        ({"now": 10, "ranges": [], "edge": None}, None),
    ],
)
def test_a_stuck_play_head_jumps_where_there_is_picture(facts: dict[str, Any], target: float | None) -> None:
    assert ask("stall", "jumpTarget", facts) == target


@pytest.mark.parametrize(
    ("facts", "target"),
    [
        ({"now": 10, "ranges": [[0, 20]], "edge": 12, "behind": 1.5}, None),  # catching up at 1.1× will do
        ({"now": 10, "ranges": [[0, 20]], "edge": 14, "behind": 4}, 14),
        ({"now": 10, "ranges": [[0, 12]], "edge": 14, "behind": 4}, None),  # a jump would stall at once
        ({"now": 10, "ranges": [[0, 12]], "edge": 30, "behind": 20}, 30),
        ({"now": 10, "ranges": [[0, 12]], "edge": None, "behind": 20}, None),
    ],
)
def test_a_late_player_jumps_only_when_it_helps(facts: dict[str, Any], target: float | None) -> None:
    assert ask("stall", "catchUpTarget", facts) == target
