"""What a person sees who has only a few colours of his own (`forced-colors: active`): judged by what is drawn."""

from io import BytesIO
from typing import Any

from PIL import Image, ImageChops
from playwright.sync_api import Page

from common.brand.colours import contrast

CONTRAST_MIN = 3.0  # WCAG 2.2, 1.4.11: what tells a control from what is around it
PIXELS_MIN = 6  # of such colours: less is no sign
Box = tuple[int, int, int, int]

# Everything that is pressed, typed into or moved, and everything that is chosen, pressed or shown now.
FIND = """() => {
  const box = (one) => {
    const { left, top, right, bottom } = one.getBoundingClientRect();
    return [left, top, right, bottom].map(Math.round);
  };
  const text = (one) => one.getAttribute("aria-label") || one.textContent.trim().replace(/\\s+/g, " ") || one.name;
  const name = (one) => `${one.localName}.${[...one.classList].join(".")} “${text(one).slice(0, 30)}”`;
  const named = (elements) => elements.map((one) => [name(one), box(one)]);
  const top = document.querySelector("dialog:modal") ?? document;
  const seen = (one) => {
    const { left, top, right, bottom, width } = one.getBoundingClientRect();
    const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight && width > 2;
    const shown = one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    return inside && shown && getComputedStyle(one).clipPath === "none";
  };
  const all = (selector) => [...top.querySelectorAll(selector)].filter(seen);
  const states = ["selected", "pressed", "checked"].map((name) => `[aria-${name}="true"]`);
  window.chosen = all(`[aria-current]:not([aria-current="false"]), input:checked, ${states}`);
  return {
    controls: named(all("button:enabled, a.button, :is(input, select, textarea):enabled:not(.range)")),
    ranges: named(all(".range")),
    chosen: named(window.chosen),
  };
}"""
LET_GO = """() => {
  for (const one of window.chosen) {
    one.checked = false;
    for (const name of ["current", "selected", "pressed", "checked"])
      if (one.hasAttribute(`aria-${name}`)) one.setAttribute(`aria-${name}`, "false");
  }
}"""


def unseen(page: Page) -> set[str]:
    """Controls that do not stand out, and chosen ones that look as if they were not. Changes the page."""
    found = page.evaluate(FIND)
    before = _picture(page)
    page.evaluate(LET_GO)
    after = _picture(page)
    parts = [(name, box) for name, box in found["controls"]]
    parts += [(name, end) for name, box in found["ranges"] for end in _ends(box)]
    hidden = {f"not seen: {name}" for name, box in parts if not _stands_out(before, box)}
    return hidden | {f"as if not chosen: {name}" for name, box in found["chosen"] if _is_same(before, after, box)}


def _picture(page: Page) -> Image.Image:
    return Image.open(BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")


def _ends(box: Box) -> tuple[Box, Box]:
    """Of a range: wherever its thumb is, the line is seen at the other end alone."""
    left, top, right, bottom = box
    third = (right - left) // 3
    return (left, top, left + third, bottom), (right - third, top, right, bottom)


def _stands_out(picture: Image.Image, box: Box) -> bool:
    part = picture.crop(box)
    counted = [(count, _hex(colour)) for count, colour in part.getcolors(part.width * part.height) or ()]
    ground = max(counted)[1]
    return sum(count for count, colour in counted if contrast(colour, ground) >= CONTRAST_MIN) >= PIXELS_MIN


def _is_same(before: Image.Image, after: Image.Image, box: Box) -> bool:
    changed = ImageChops.difference(before.crop(box), after.crop(box)).convert("L").histogram()
    return sum(changed[1:]) < PIXELS_MIN


def _hex(colour: Any) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
