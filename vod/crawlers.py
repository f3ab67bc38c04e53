"""Tells programs that fetch pages from people who watch, by what they say of themselves. Pure."""

import re

# Words crawlers, link previews, monitors and libraries have in their User-Agent; Cubot is a maker of phones.
_WORDS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|scrap|archiver|headless|phantom|preview|facebookexternalhit|embedly|whatsapp/"
    r"|monitor|uptime|lighthouse|pagespeed|feed|rss|reader/"
    r"|curl|wget|libwww|python|aiohttp|httpx|urllib|okhttp|go-http|java/|ruby|perl|php|axios|node-fetch|undici|guzzle"
    r"|yt-dlp|youtube-dl|streamlink|ffmpeg|lavf/|vlc/|mpv",
    re.IGNORECASE,
)


def is_crawler(user_agent: str) -> bool:
    """Whether no person sits behind it. A browser always says something."""
    return not user_agent.strip() or _WORDS.search(user_agent) is not None
