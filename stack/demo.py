"""Demo channels with moving pictures and chatting viewers: `make run DEMO=1` runs this beside the stack.

Everything is made on this machine with generated credentials, which are in MILLRACE_DATA/demo (readable by its owner).
"""

import asyncio
import json
import logging
import os
import random
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.utils.text import slugify  # noqa: E402
from websockets.asyncio.client import connect  # noqa: E402
from websockets.exceptions import WebSocketException  # noqa: E402
from websockets.typing import Origin  # noqa: E402

from accounts.models import User  # noqa: E402
from accounts.services import create_api_token, create_user  # noqa: E402
from stack.demo_channels import CHANNELS, EVERYONES_LINES, VIEWERS, DemoChannel  # noqa: E402
from stack.demo_clips import clip_command, clip_path  # noqa: E402
from stack.services import CHILD  # noqa: E402
from streaming.models import Category, Channel  # noqa: E402
from streaming.services import follow_channel, rotate_stream_key, update_channel  # noqa: E402

log = logging.getLogger("millrace.demo")

DIRECTORY = Path(settings.DATA_DIR) / "demo"
ACCOUNTS = DIRECTORY / "accounts.json"
BETWEEN_LINES_SECONDS = (5.0, 20.0)
BACK_OFF_SECONDS = 3.0
READY_SECONDS = 120.0


@dataclass(frozen=True)
class Account:
    """Someone made by an earlier or this start of the demo."""

    login: str
    password: str
    api_token: str


def main() -> None:
    """Make everything, then publish and chat until told to stop."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    DIRECTORY.chmod(0o700)
    accounts = make_accounts([*(channel.login for channel in CHANNELS), *VIEWERS])
    channels = [channel for channel in CHANNELS if channel.login in accounts]
    for channel in channels:
        describe(channel)
    viewers = [accounts[login] for login in VIEWERS if login in accounts]
    follow_some(viewers, channels)
    wait_until_ready()
    live = [channel for channel in channels if channel.clip]
    publishers = [Publisher(channel, channel.clip) for channel in live if channel.clip]
    asyncio.run(run(publishers, live, viewers))


def make_accounts(logins: Iterable[str]) -> dict[str, Account]:
    """The demo's accounts by login. A login that belongs to somebody else is left alone."""
    known = {item["login"]: Account(**item) for item in json.loads(ACCOUNTS.read_text())} if ACCOUNTS.exists() else {}
    for login in logins:
        existing = User.objects.filter(login=login).first()
        if existing and login not in known:
            log.warning("there is already someone called %s; the demo does without", login)
        elif not existing:
            password = secrets.token_urlsafe(12)
            user = create_user(login=login, password=password)
            known[login] = Account(login, password, create_api_token(user=user, name="demo"))
    with os.fdopen(os.open(ACCOUNTS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump([vars(account) for account in known.values()], file, indent=1)
    return known


def describe(demo: DemoChannel) -> None:
    """Give a channel its words, once: whoever looks after it may change them."""
    channel = Channel.objects.get(owner__login=demo.login)
    if channel.title:
        return
    category, _ = Category.objects.get_or_create(slug=slugify(demo.category), defaults={"name": demo.category})
    update_channel(channel=channel, title=demo.title, category=category, tags=list(demo.tags), about=demo.about)


def follow_some(viewers: list[Account], channels: list[DemoChannel]) -> None:
    """Each viewer follows some channels."""
    for index, viewer in enumerate(viewers):
        user = User.objects.get(login=viewer.login)
        for offset, demo in enumerate(channels):
            if (index + offset) % 3 != 0:
                follow_channel(user=user, channel=Channel.objects.get(owner__login=demo.login))


def wait_until_ready() -> None:
    """Return when the stack answers; the manager starts this process again when it does not."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{settings.PORT}/healthz/ready", timeout=3):
                return
        except OSError:
            if time.monotonic() > deadline:
                sys.exit("The stack did not get ready for the demo.")
            time.sleep(0.5)


class Publisher:
    """FFmpeg playing one clip over and over to one channel."""

    one_clip_at_a_time = asyncio.Lock()

    def __init__(self, demo: DemoChannel, clip: str) -> None:
        channel = Channel.objects.get(owner__login=demo.login)
        # A stream key is shown once and stored as a hash, so each start of the demo makes a new one. FFmpeg reads it
        # from a preset file: on its command line everyone on this machine could read it.
        preset = DIRECTORY / f"{demo.login}.ffpreset"
        with os.fdopen(os.open(preset, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"rtmp_playpath={rotate_stream_key(channel=channel)}\n")
        self.clip, self.file = clip, clip_path(DIRECTORY, clip)
        self.command = [
            *("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-re", "-stream_loop", "-1"),
            *("-i", str(self.file), "-c", "copy", "-fpre", str(preset)),
            *("-f", "flv", f"rtmp://127.0.0.1:{settings.RTMP_PORT}/live"),
        ]

    async def keep_publishing(self) -> None:
        """Make the clip unless it is there, then publish; start again whenever that ends."""
        async with self.one_clip_at_a_time:
            if not self.file.exists():
                log.warning("making moving pictures for the demo, once (%s) …", self.clip)
                draft = self.file.with_suffix(".part")
                if await run_to_end(clip_command(self.clip, draft)) != 0:
                    return
                draft.rename(self.file)
        while True:
            await run_to_end(self.command)
            await asyncio.sleep(BACK_OFF_SECONDS)


async def run_to_end(command: list[str]) -> int:
    """The exit status. Started in the main thread: the kernel ties the command's life to the thread that starts it."""
    bound = [sys.executable, "-I", "-S", str(CHILD), "--signal", "KILL", "--", *command]
    process = subprocess.Popen(bound, stdin=subprocess.DEVNULL)  # noqa: ASYNC220  a few milliseconds
    try:
        while (status := process.poll()) is None:  # noqa: ASYNC110  asyncio would wait in another thread
            await asyncio.sleep(0.5)
        return status
    finally:
        process.kill()


async def run(publishers: list[Publisher], live: list[DemoChannel], viewers: list[Account]) -> None:
    """Everything at once until SIGTERM."""
    loop = asyncio.get_running_loop()
    rooms = [(demo, await channel_id_of(demo)) for demo in live]
    tasks = [loop.create_task(publisher.keep_publishing()) for publisher in publishers]
    for index, viewer in enumerate(viewers):
        demo, channel_id = rooms[index % len(rooms)]
        tasks.append(loop.create_task(keep_up(chat, viewer, demo, channel_id)))
        tasks.append(loop.create_task(keep_up(watch, viewer, demo, channel_id)))
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def channel_id_of(demo: DemoChannel) -> int:
    channel = await Channel.objects.aget(owner__login=demo.login)
    return channel.pk


async def keep_up(what: Any, viewer: Account, demo: DemoChannel, channel_id: int) -> None:
    """Connect again whenever the connection breaks."""
    while True:
        with suppress(OSError, WebSocketException):
            await what(viewer, demo, channel_id)
        await asyncio.sleep(BACK_OFF_SECONDS)


async def chat(viewer: Account, demo: DemoChannel, channel_id: int) -> None:
    """Say something now and then."""
    url = f"ws://127.0.0.1:{settings.PORT}/api/v1/chat/{channel_id}"
    async with connect(url, additional_headers={"Authorization": f"Bearer {viewer.api_token}"}) as room:
        reading = asyncio.create_task(read_on(room))
        try:
            while not reading.done():
                await asyncio.sleep(random.uniform(*BETWEEN_LINES_SECONDS))  # noqa: S311  not for a secret
                line = random.choice([*demo.lines, *demo.lines, *EVERYONES_LINES])  # noqa: S311
                await room.send(json.dumps({"type": "say", "text": line, "nonce": secrets.token_hex(8)}))
        finally:
            reading.cancel()


async def watch(viewer: Account, demo: DemoChannel, _channel_id: int) -> None:
    """Be counted as a viewer."""
    here = f"127.0.0.1:{settings.PORT}"
    async with connect(f"ws://{here}/api/v1/channels/{demo.login}/events", origin=Origin(f"http://{here}")) as events:
        await events.send(json.dumps({"type": "watching"}))
        await read_on(events)


async def read_on(connection: Any) -> None:
    async for _ in connection:
        pass


if __name__ == "__main__":
    main()
