"""What stands in the e-mail that gathers news (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

LINES_MAX = 20  # of news; more are counted


@dataclass(frozen=True)
class News:
    """One line of it."""

    kind: str
    text: str
    detail: str


def subject_of(news: Sequence[News], live_kind: str) -> str:
    """`alice is live`, `3 channels went live`, `5 things happened`."""
    if len(news) == 1:
        return news[0].text
    if all(one.kind == live_kind for one in news):
        return f"{len(news)} channels went live"
    return f"{len(news)} things happened"


def text_of(news: Sequence[News], *, name: str, site: str, list_url: str, unsubscribe_url: str) -> str:
    """Paragraphs as `common.letters` wants them, with one thing to do."""
    lines = "\n".join(_line(one) for one in news[:LINES_MAX])
    more = f"\n… and {len(news) - LINES_MAX} more" if len(news) > LINES_MAX else ""
    return (
        f"Hello {name},\n\nthis happened on {site}:\n\n{lines}{more}\n\n"
        f"See your notifications:\n{list_url}\n\n"
        f"You get these e-mails because you asked for them. To get none any more, open {unsubscribe_url}"
    )


def _line(one: News) -> str:
    return f"• {one.text}: {one.detail}" if one.detail else f"• {one.text}"
