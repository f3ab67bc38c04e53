"""The demo's channels and viewers, and what they say. All of it is made up."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoChannel:
    """One channel; with a `clip` (see stack/demo_clips.py) it is live."""

    login: str
    title: str
    category: str
    tags: tuple[str, ...]
    about: str
    clip: str | None = None
    lines: tuple[str, ...] = ()


CHANNELS = (
    DemoChannel(
        login="pixelharbour",
        title="Growing a city of cells, one rule at a time",
        category="Simulation",
        tags=("chill", "simulation", "english"),
        about="Tiny worlds with simple rules. Ask anything; the answer is usually “let it run and see”.",
        clip="cells",
        lines=(
            "that glider on the left is not going to make it",
            "how long can this corner stay quiet?",
            "it looks like a city from above",
            "purple trails are the best choice yet",
            "can we try a different rule after this one?",
            "first time here, this is oddly calming",
            "the middle is coming back to life!",
            "someone count the oscillators please",
        ),
    ),
    DemoChannel(
        login="lofiloft",
        title="Slow chords and a warm window · work along",
        category="Music",
        tags=("music", "ambient", "cowork"),
        about="Soft loops for long evenings. Every sound here is made from plain sine waves.",
        clip="chords",
        lines=(
            "perfect for the last two pages of my thesis",
            "volume check: sounds great here",
            "the second chord gets me every time",
            "good morning from a very early train",
            "just made tea, staying for the hour",
            "is there a recording of yesterday's set?",
            "these colours + this sound = instant focus",
            "half past, stretch break everyone",
        ),
    ),
    DemoChannel(
        login="deepzoom",
        title="How far down does it go? Live fractal dive",
        category="Science",
        tags=("maths", "fractals", "visuals"),
        about="Diving into the Mandelbrot set with commentary on what we pass by.",
        clip="dive",
        lines=(
            "every time I think it is over there is another spiral",
            "what zoom level are we at now?",
            "that looked like a seahorse",
            "my screen is not big enough for this",
            "explain the colours again please?",
            "there is a small copy of the whole thing, top right",
            "this makes me want to learn more maths",
            "smooth as butter here",
        ),
    ),
    DemoChannel(
        login="saltandember",
        title="Flatbread in twenty minutes",
        category="Cooking",
        tags=("cooking", "beginners"),
        about="Weeknight cooking with one pan and whatever is in the cupboard. Live on Tuesdays and Fridays.",
    ),
    DemoChannel(
        login="trailnotes",
        title="Planning a three-day walk with an old paper map",
        category="Outdoors",
        tags=("hiking", "maps", "talk"),
        about="Routes, huts and rain. I read maps so that you can look at the view.",
    ),
)
VIEWERS = ("mossy_keyboard", "nine_lanterns", "quietcomet", "paperboat", "tangerine_dusk", "oakandiron")
EVERYONES_LINES = (
    "hello everyone!",
    "hi from the other side of the desk",
    "picture is very sharp today",
    "the delay is tiny, I can hear my own message being read",
    "brb, door",
    "back!",
    "just followed",
    "ha, nice",
)
