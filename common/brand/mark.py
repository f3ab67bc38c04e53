"""The mark: the two arches of a mill over its race, which are also an m. Its geometry has its one home here.

Drawn as SVG for browsers, and by Pillow for home screens, which want PNG.
"""

from io import BytesIO

from PIL import Image, ImageDraw

from common.brand.colours import ink_on

SIDE = 32.0  # the drawing's own units
RADIUS = 9.0
STROKE = 2.6
# Absolute M, L and C alone, so that the few lines below can draw them: the arches, then the water.
ARCHES = (
    "M7 18.4 L7 12.9 C7 10.4 9 8.4 11.5 8.4 C14 8.4 16 10.4 16 12.9 L16 16.4 "
    "M16 12.9 C16 10.4 18 8.4 20.5 8.4 C23 8.4 25 10.4 25 12.9 L25 18.4"
)
WATER = (
    "M5.5 23.4 C7.4 21.7 9.1 21.7 10.8 23.4 C12.5 25.1 14.3 25.1 16 23.4 "
    "C17.7 21.7 19.6 21.7 21.3 23.4 C23 25.1 24.8 25.1 26.5 23.4"
)
PATH = f"{ARCHES} {WATER}"
_FINER = 4  # drawn larger and made smaller: Pillow's own lines have steps
_CURVE_STEPS = 24
_ICO_SIDES = [(16, 16), (32, 32), (48, 48)]

Point = tuple[float, float]


def as_svg(colour: str) -> str:
    """A whole file, in one colour and its ink."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE:g} {SIDE:g}">'
        f'<rect width="{SIDE:g}" height="{SIDE:g}" rx="{RADIUS:g}" fill="{colour}"/>'
        f'<path d="{PATH}" fill="none" stroke="{ink_on(colour)}" stroke-width="{STROKE:g}" '
        f'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )


def as_picture(colour: str, side: int, *, full_bleed: bool = False) -> Image.Image:
    """`full_bleed`: to the edges, with the drawing inside the circle that every launcher leaves of a maskable icon."""
    canvas = Image.new("RGBA", (side * _FINER, side * _FINER), (0, 0, 0, 0))
    pen = ImageDraw.Draw(canvas)
    scale = side * _FINER / SIDE
    box = (0, 0, side * _FINER - 1, side * _FINER - 1)
    pen.rounded_rectangle(box, radius=0 if full_bleed else RADIUS * scale, fill=colour)
    inner = 0.72 if full_bleed else 1.0
    for line in _lines(PATH):
        placed = [
            ((SIDE / 2 + (x - SIDE / 2) * inner) * scale, (SIDE / 2 + (y - SIDE / 2) * inner) * scale) for x, y in line
        ]
        _stroke(pen, placed, STROKE * inner * scale, ink_on(colour))
    return canvas.resize((side, side), Image.Resampling.LANCZOS)


def as_png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def as_ico(picture: Image.Image) -> bytes:
    """The sizes that browsers and desktops still ask for by this name."""
    file = BytesIO()
    picture.save(file, "ICO", sizes=_ICO_SIDES)
    return file.getvalue()


def _stroke(pen: ImageDraw.ImageDraw, points: list[Point], width: float, ink: str) -> None:
    """A disc at every step: round caps and joins, as in the SVG."""
    half = width / 2
    pen.line(points, fill=ink, width=round(width))
    for x, y in points:
        pen.ellipse((x - half, y - half, x + half, y + half), fill=ink)


def _lines(path: str) -> list[list[Point]]:
    """Each stroke as points close to each other."""
    words = path.replace("M", "M ").replace("L", "L ").replace("C", "C ").split()
    lines: list[list[Point]] = []
    while words:
        command, *words = words
        count = {"M": 2, "L": 2, "C": 6}[command]
        numbers, words = [float(word) for word in words[:count]], words[count:]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if command == "M":
            lines.append(points)
        elif command == "L":
            lines[-1] += points
        else:
            lines[-1] += _curve(lines[-1][-1], *points)
    return lines


def _curve(start: Point, one: Point, two: Point, end: Point) -> list[Point]:
    points = []
    for step in range(1, _CURVE_STEPS + 1):
        t = step / _CURVE_STEPS
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        corners = (start, one, two, end)
        x, y = (sum(weight * corner[axis] for weight, corner in zip(weights, corners, strict=True)) for axis in (0, 1))
        points.append((x, y))
    return points
