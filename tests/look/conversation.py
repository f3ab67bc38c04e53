"""What is said in Alice's room before anybody looks, through the door that programs use."""

from typing import Any

import httpx

LINES = (
    ("bob", "Good evening everybody!"),
    ("charlie", "Hello @alice, is that the blue from last week?"),
    ("alice", "It is, with a little white in it."),
    (
        "charlie",
        "a longer message, as people write them when they explain to others who came later what has happened so far",
    ),
    ("erin", "https://example.org/a/very/long/address/that/has/to/break/somewhere/or/else/it/pushes/everything/aside"),
    ("bob", "No links to other streams please, as the rules say."),
)


def say_lines(url: str, facts: dict[str, Any]) -> None:
    """`facts`: what `make_cast` told."""
    for login, text in LINES:
        headers = {"Authorization": f"Bearer {facts['tokens'][login]}"}
        address = f"{url}/api/v1/chat/{facts['channel']}/messages"
        httpx.post(address, headers=headers, json={"text": text}, timeout=10).raise_for_status()
