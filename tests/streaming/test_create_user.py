"""`manage.py create_user`, as tests, benchmarks and operators rely on it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.services import find_token
from streaming.models import Channel, StreamKey
from streaming.stream_keys import key_digest

pytestmark = pytest.mark.django_db


def create_user(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    call_command("create_user", *arguments, "--json")
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


def test_json_has_exactly_the_fields_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    made = create_user(capsys, "alice")
    assert list(made) == ["login", "password", "user_id", "api_token"]
    user = User.objects.get(pk=made["user_id"])
    assert user.login == made["login"] == "alice"
    assert user.check_password(made["password"])
    found = find_token(made["api_token"])
    assert found is not None
    assert found.user == user


def test_streamer_also_gets_channel_and_key(capsys: pytest.CaptureFixture[str]) -> None:
    made = create_user(capsys, "Alice", "--streamer", "--password", "hunter2hunter2", "--email", "Alice@Example.org")
    assert list(made) == ["login", "password", "user_id", "api_token", "channel_id", "stream_key"]
    channel = Channel.objects.get(pk=made["channel_id"])
    assert (channel.owner.login, channel.owner.display_name, channel.owner.email) == (
        "alice",
        "Alice",
        "alice@example.org",
    )
    assert made["password"] == "hunter2hunter2"
    assert StreamKey.objects.get().digest == key_digest(settings.STREAM_KEY_PEPPER, made["stream_key"])


@pytest.mark.parametrize(
    ("login", "says"),
    [("ALICE", "taken"), ("ab", "3 to 25"), ("_x_", "starting with"), ("admin", "reserved"), ("a b c", "letters")],
)
def test_impossible_login_is_refused_in_one_sentence(alice: User, login: str, says: str) -> None:
    before = User.objects.count()
    with pytest.raises(CommandError, match=says):
        call_command("create_user", login)
    assert User.objects.count() == before


def test_without_json_it_explains_obs(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_user", "alice", "--streamer")
    printed = capsys.readouterr().out
    assert "Stream key   live_" in printed
    assert f":{settings.RTMP_PORT}/live" in printed


def test_failure_is_one_line_and_exit_code_1() -> None:
    root = Path(__file__).parents[2]
    environ = {**os.environ, "MILLRACE_DB_HOST": "/nonexistent"}
    command = [sys.executable, "manage.py", "create_user", "dave", "--json"]
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert "database does not answer" in done.stderr
