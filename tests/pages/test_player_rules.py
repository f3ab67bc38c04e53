"""The player's pure modules, run by Node.js: screens, jumps, which quality is loaded and how fast it is played."""

import json
import subprocess
from typing import Any

import pytest
from django.conf import settings

PLAYER = settings.BASE_DIR / "static/js/player"
CALM = {"picture": True, "moving": True, "problem": None, "finished": False}
NOTHING_YET = {**CALM, "picture": False}
STUCK = {**CALM, "moving": False}


def ask(module: str, call: str, facts: Any) -> Any:
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
        ({"now": 10, "ranges": [[0, 10.4]], "edge": 40}, 40),  # also where it stopped just before the end
        ({"now": 10, "ranges": [[0, 10.4]], "edge": 12}, None),
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


# Peak and average of 160p, 360p, 480p and a source, in bits per second.
LEVELS = [
    {"rate": peak * 1000, "average": average * 1000, "usable": True}
    for peak, average in [(535, 428), (1160, 928), (2035, 1628), (4311, 3321)]
]
MID_SEGMENT = {
    "levels": LEVELS,
    "current": 3,
    "bandwidth": 20e6,
    "mayClimb": True,
    "ahead": 0.9,
    "segment": 2,
    "part": 0.35,
    "between": False,
    "appended": 1.0,
    "loaded": 1.0,
    "delay": 0.03,
}
BETWEEN = {**MID_SEGMENT, "between": True, "appended": 2, "loaded": 2}
WITHOUT_360P = [{**level, "usable": index != 1} for index, level in enumerate(LEVELS)]


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        ({**BETWEEN, "current": -1, "bandwidth": 3e6}, 2),  # the first choice
        ({**BETWEEN, "current": -1, "bandwidth": 1e5}, 0),
        ({**BETWEEN, "current": 0}, 3),  # straight to the best
        ({**MID_SEGMENT, "current": 0}, 0),  # but not in the middle of a segment
        ({**BETWEEN, "current": 0, "mayClimb": False}, 0),
        ({**BETWEEN, "current": 2, "bandwidth": 2.2e6}, 2),  # enough to stay, not to change to
        ({**BETWEEN, "current": 0, "bandwidth": 2.2e6}, 1),
        ({**BETWEEN, "bandwidth": 2e6}, 1),
        ({**BETWEEN, "bandwidth": 2e6, "levels": WITHOUT_360P}, 0),
        ({**BETWEEN, "current": 1, "levels": WITHOUT_360P}, 3),  # it failed: anywhere else
        ({**MID_SEGMENT, "current": 1, "bandwidth": 5e5, "levels": WITHOUT_360P}, 0),
        # Falling in the middle of a segment
        ({**MID_SEGMENT, "bandwidth": 2e6}, 3),  # the buffer lasts until the next one
        ({**MID_SEGMENT, "bandwidth": 1.2e6, "appended": 0, "loaded": 0.1}, 0),  # it does not, and nothing is displaced
        ({**MID_SEGMENT, "bandwidth": 7e5, "appended": 0, "loaded": 0.1, "ahead": 0.4}, 0),
        ({**MID_SEGMENT, "bandwidth": 7e5, "appended": 1.7, "loaded": 1.8, "ahead": 0.2}, 3),  # little is left of it
    ],
)
def test_the_next_quality_follows_from_the_line_and_the_place_in_the_segment(facts: dict[str, Any], level: int) -> None:
    assert ask("level_choice", "chooseLevel", facts) == level


@pytest.mark.parametrize(
    ("facts", "pace"),
    [
        ({"late": 0.02, "ahead": 1.2, "starving": False}, 1),
        ({"late": 0.3, "ahead": 1.2, "starving": False}, 1.05),
        ({"late": 2, "ahead": 1.2, "starving": False}, 1.1),
        ({"late": 2, "ahead": 0.8, "starving": False}, 1),  # too little to live on
        ({"late": 0.3, "ahead": 0.8, "part": 0.35, "starving": False}, 1),
        ({"late": 0.3, "ahead": 0.8, "part": 0.2, "starving": False}, 1.05),  # of short parts, less is enough
        ({"late": 0.3, "ahead": 0.5, "part": 0.2, "starving": False}, 1),
        ({"late": 2, "ahead": 0.8, "starving": True}, 0.7),
        ({"late": 2, "ahead": 1.8, "starving": True}, 1),
        ({"late": None, "ahead": 0.1, "starving": True}, 1),  # who looks back is not hurried
    ],
)
def test_the_pace_follows_from_the_delay_and_the_buffer(facts: dict[str, Any], pace: float) -> None:
    assert ask("pace", "paceFor", facts) == pace


def piece(end: int, milliseconds: int, bits: int, *, delay: int = 30) -> dict[str, float]:
    """Media that took so long after the line's delay."""
    start = end - delay - milliseconds
    return {"start": start, "first": start + delay, "end": end, "bytes": bits / 8}


NARROW = [piece(end, 100, 50_000) for end in range(1000, 4000, 350)]
RELEASED = [piece(end, 5, 100_000) for end in range(4000, 5500, 350)]
WITH_SOUND = [
    part for end in range(1000, 3000, 350) for part in (piece(end, 100, 50_000), piece(end + 10, 100, 50_000))
]


@pytest.mark.parametrize(
    ("pieces", "megabits"),
    [
        ([], 8.0),
        (NARROW, 0.5),
        (NARROW + RELEASED, 20.0),  # what lies further back than a second counts no more
        (RELEASED + [piece(6000, 1000, 1_000_000)], 1.2),  # nor does it when a part takes long
        (WITH_SOUND, 0.91),  # picture and sound at the same time shared the line
    ],
)
def test_the_line_is_judged_by_the_newest_pieces(pieces: list[dict[str, float]], megabits: float) -> None:
    feed = "(pieces) => pieces.reduce((line, piece) => (line.sample(piece), line), new Bandwidth(8e6)).getEstimate()"
    assert ask("bandwidth", f"({feed})", pieces) == pytest.approx(megabits * 1e6, rel=0.02)


# Two segments, an encoder's absence of ten seconds that the media element does not know of, two more.
FRAGMENTS = [
    {"start": start, "duration": 2, "programDateTime": unix * 1000}
    for start, unix in [(10, 1000), (12, 1002), (14, 1014), (16, 1016)]
]


@pytest.mark.parametrize(
    ("time", "unix"), [(10.5, 1000.5), (13.9, 1003.9), (14, 1014), (19, 1019), (9, 999)]
)  # before and after the playlist too
def test_a_place_in_the_video_has_a_time_of_the_streamers_clock(time: float, unix: float) -> None:
    assert ask("wall_clock", f"((fragments) => unixAt(fragments, {time}))", FRAGMENTS) == unix


@pytest.mark.parametrize(("unix", "time"), [(1000.5, 10.5), (1008, 14), (1015, 15), (1019, 19), (900, 10)])
def test_a_time_of_the_streamers_clock_has_a_place_in_the_video(unix: float, time: float) -> None:
    """A time at which there was no picture is the place where the picture goes on."""
    assert ask("wall_clock", f"((fragments) => timeAt(fragments, {unix}))", FRAGMENTS) == time


BOARD = {
    "base": "http://localhost/media/t/s/storyboard.json",
    "tile_width": 160,
    "tile_height": 90,
    "columns": 5,
    "rows": 5,
    "interval_seconds": 10,
    "sprites": [{"url": "b0.webp", "starts_at": 1000, "tiles": 25}, {"url": "b1.webp", "starts_at": 1250, "tiles": 3}],
}


@pytest.mark.parametrize(
    ("unix", "tile"),
    [
        (999, None),
        (1000, ("b0.webp", 0, 0)),
        (1075, ("b0.webp", 320, 90)),
        (1279, ("b1.webp", 320, 0)),
        (1285, ("b1.webp", 320, 0)),  # the next one is not drawn yet: the newest there is
        (1400, None),
    ],
)
def test_a_time_has_a_tile_of_the_storyboard(unix: float, tile: tuple[str, int, int] | None) -> None:
    found = ask("storyboard", f"((board) => tileAt(board, {unix}))", BOARD)
    assert (found and (found["url"].rpartition("/")[2], found["x"], found["y"])) == tile


@pytest.mark.parametrize(
    ("search", "seconds"),
    [
        ("?t=90", 90),
        ("?t=90s", 90),
        ("?t=1m30s", 90),
        ("?t=1h2m3s", 3723),
        ("?t=2h", 7200),
        ("?x=1&t=5", 5),
        ("?t=0", 0),
        ("", None),
        ("?t=", None),
        ("?t=-5", None),
        ("?t=1.5", None),
        ("?t=1m30", 90),
        ("?t=30s1m", None),
        ("?t=99999999999", None),
        ("?t=<script>", None),
        ("?t=9999", 9999),
        ("?t=10000", None),  # the end
    ],
)
def test_a_link_says_where_to_begin(search: str, seconds: int | None) -> None:
    assert ask("start_time", "(search => startTime(search, 10_000))", search) == seconds


@pytest.mark.parametrize(
    ("at", "duration", "place"),
    [(100, 3600, 100), (10, 3600, 0), (11, 3600, 11), (3586, 3600, 0), (3584, 3600, 3584), (12, 20, 0), (0, 3600, 0)],
)
def test_one_goes_on_where_one_was_but_not_at_the_very_end(at: float, duration: float, place: float) -> None:
    assert ask("watching", "(([at, duration]) => resumePlace(at, duration))", [at, duration]) == place


@pytest.mark.parametrize(
    ("sound", "at_once"), [("promptSound()", True), ("window.Hls.DefaultConfig.audioStreamController", False)]
)
def test_sound_goes_on_as_soon_as_the_picture_told_its_clock(sound: str, at_once: bool) -> None:
    """With the real hls.js. Once its own class does this too, ours can go."""
    library = settings.BASE_DIR / "node_modules/hls.js/dist/hls.js"
    script = f"""
        import {{ createRequire }} from "node:module";
        globalThis.window = globalThis.self = globalThis;
        window.Hls = createRequire("/")({json.dumps(str(library))});
        {(PLAYER / "prompt_sound.js").read_text()}
        const hls = new window.Hls({{ audioStreamController: {sound} }});
        const waiting = hls.networkControllers.find((one) => one.playlistType === "audio");
        waiting.state = "WAITING_INIT_PTS";
        waiting.loadingParts = true;
        let looked = false;
        waiting.doTickIdle = () => {{ looked = true; }};
        const told = {{ frag: {{ cc: 0 }}, id: "main", initPTS: 0, timescale: 1, trackId: 1 }};
        hls.trigger(window.Hls.Events.INIT_PTS_FOUND, told);
        console.log(JSON.stringify(looked));
        process.exit();
    """
    answer = subprocess.run(
        ["node", "--input-type=module", "-"], input=script, capture_output=True, text=True, timeout=20, check=False
    )
    assert (answer.stdout, answer.stderr) == (json.dumps(at_once) + "\n", "")
