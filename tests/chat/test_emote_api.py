"""Emotes and badges over the API and as files: who may make them, what is refused, what is served."""

from collections.abc import Iterator, Mapping
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from accounts.models import User
from accounts.services import create_api_token, create_user
from chat import redis_keys
from chat.core.emote_codes import is_common_code, is_name, is_prefix, prefix_from
from chat.core.roles import Role
from chat.emotes import UPLOADS, erase_emotes, prefix_of
from chat.membership import speaker_in_room
from chat.models import Emote, ModeratorAct, RoomModes, RoomRole
from common.picture_headers import PictureFacts, read_facts
from common.redis import redis_client
from streaming.models import Channel
from tests.common import sample_pictures as sample
from tests.pages.conftest import PLAIN_STATIC_FILES

URL = "/api/v1/channels/alice/emotes"
BADGES = "/api/v1/channels/alice/badges"


@pytest.fixture(autouse=True)
def _storage_in_memory() -> Iterator[None]:
    with override_settings(STORAGES=PLAIN_STATIC_FILES):
        yield


@pytest.fixture
def people(db: None) -> dict[str, User]:
    users = {login: create_user(login=login) for login in ("alice", "bob", "charlie", "dave")}
    for user in users.values():
        Channel.objects.get_or_create(owner=user)
    RoomRole.objects.create(room=users["alice"].channel, user=users["bob"], role=Role.MODERATOR)
    users["dave"].is_staff = True
    users["dave"].save()
    return users


def of(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {create_api_token(user=user, name='test')}"})


def form(name: str = "Hype", data: bytes | None = None, field: str = "name") -> dict[str, object]:
    file = SimpleUploadedFile("evil.html", sample.still() if data is None else data, content_type="text/html")
    return {field: name, "picture": file}


def test_alice_adds_removes_and_restores_an_emote(people: dict[str, User]) -> None:
    alice, room = of(people["alice"]), people["alice"].channel
    made = alice.post(URL, form())
    assert made.status_code == 201
    assert (made.json()["code"], made.json()["animated"]) == ("aliceHype", False)
    assert [emote["code"] for emote in Client().get(URL).json()["channel"]] == ["aliceHype"]
    assert alice.delete(f"{URL}/aliceHype").status_code == 204
    assert alice.delete(f"{URL}/aliceHype").status_code == 404
    assert Client().get(URL).json()["channel"] == []
    assert Client().get(made.json()["url"]).status_code == 200  # what was said with it keeps its picture
    assert alice.post(f"{URL}/aliceHype/restore").json() == made.json()
    assert Emote.objects.kept().get(room=room).code == "aliceHype"
    assert [act.act for act in ModeratorAct.objects.order_by("at")] == ["emote", "unemote", "emote"]


def test_every_change_sends_gateways_back_to_read_the_table(people: dict[str, User]) -> None:
    alice, room = of(people["alice"]), people["alice"].channel
    alice.post(URL, form())
    assert redis_client().get(redis_keys.room_policy(room.pk)) == "1"
    alice.delete(f"{URL}/aliceHype")
    assert redis_client().get(redis_keys.room_policy(room.pk)) == "2"
    assert RoomModes.objects.get(room=room).version == 2


def test_a_moving_picture_is_served_in_all_sizes_for_ever(people: dict[str, User]) -> None:
    made = of(people["alice"]).post(URL, form(data=sample.moving("GIF", 5))).json()
    assert made["animated"]
    for scale, side in ((1, 28), (2, 56), (3, 112)):
        for extension, kind, frames in (("webp", "WEBP", 5), ("gif", "GIF", 5), ("png", "PNG", 1)):
            answer = Client().get(f"/pictures/{made['id']}/{scale}x.{extension}")
            facts = read_facts(answer.content)
            assert (facts.kind, facts.width, facts.height, facts.frames) == (kind, side, side, frames)
            assert answer["Content-Type"] == f"image/{extension}"
            assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer["Content-Security-Policy"]
        twitch = f"/emoticons/v2/{made['id']}/{{}}/dark/{scale}.0"
        kinds = [Client().get(twitch.format(kind))["Content-Type"] for kind in ("default", "static", "animated")]
        assert kinds == ["image/gif", "image/png", "image/gif"]


def test_the_same_picture_has_the_same_name_and_another_another(people: dict[str, User]) -> None:
    alice = of(people["alice"])
    one, same, other = (
        alice.post(URL, form(name, data)).json()["id"]
        for name, data in [("One", sample.still()), ("Same", sample.still()), ("Other", sample.still(size=(90, 30)))]
    )
    assert one == same != other
    missing = Client().get(f"/pictures/{'0' * 24}/1x.webp")
    assert missing.status_code == 404
    assert "immutable" not in missing.get("Cache-Control", "")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (form("hype"), 400, "invalid"),
        (form("Hy pe"), 400, "invalid"),
        (form("Hype\0"), 400, None),
        (form("H" * 21), 400, "invalid"),
        (form(data=sample.SVG), 400, "bad_picture"),
        (form(data=b""), 400, None),
        (form(data=sample.png_bomb(20_480)), 400, "too_many_pixels"),
        (form(data=sample.gif_of(20_000, (64, 64))), 400, "too_many_frames"),
        (form(data=sample.moving("GIF")[:-30]), 400, "bad_picture"),
        (form(data=bytes(1_000_001)), 400, "too_large"),
        ({"name": "Hype"}, 400, None),
        ({"picture": BytesIO(sample.still())}, 400, None),
    ],
)
def test_what_cannot_be_an_emote_is_refused(
    people: dict[str, User], body: dict[str, object], status: int, code: str | None
) -> None:
    answer = of(people["alice"]).post(URL, body)
    assert answer.status_code == status
    assert code is None or answer.json()["code"] == code
    assert not Emote.objects.exists()


def test_a_file_in_json_is_no_file(people: dict[str, User]) -> None:
    assert of(people["alice"]).post(URL, {"name": "Hype", "picture": "x"}, "application/json").status_code == 415


@pytest.mark.parametrize("login", ["bob", "charlie"])
def test_only_the_broadcaster_changes_emotes_and_badges(people: dict[str, User], login: str) -> None:
    of(people["alice"]).post(URL, form())
    client = of(people[login])
    assert client.post(URL, form("Other")).status_code == 403
    assert client.delete(f"{URL}/aliceHype").status_code == 403
    assert client.post(f"{URL}/aliceHype/restore").status_code == 403
    assert client.put(f"{URL}/prefix", {"prefix": "evil"}, "application/json").status_code == 403
    assert client.delete(f"{BADGES}/6").status_code == 403
    assert client.post("/api/v1/emotes", form("LUL", field="code")).status_code == 403
    assert Client().post(URL, form("Other")).status_code in {401, 403}
    assert Emote.objects.kept().count() == 1


def test_staff_make_emotes_of_all_chats(people: dict[str, User]) -> None:
    dave = of(people["dave"])
    assert dave.post("/api/v1/emotes", form("LUL", field="code")).status_code == 201
    assert dave.post("/api/v1/emotes", form("LUL", field="code")).status_code == 409
    assert dave.post("/api/v1/emotes", form("lul", field="code")).status_code == 400
    assert [emote["code"] for emote in Client().get(URL).json()["common"]] == ["LUL"]
    assert dave.delete("/api/v1/emotes/LUL").status_code == 204
    assert Client().get("/api/v1/emotes").json() == []


def test_a_code_is_given_once_and_a_removed_one_again(people: dict[str, User]) -> None:
    alice = of(people["alice"])
    alice.post(URL, form())
    assert alice.post(URL, form("aliceHype")).json()["code"] == "code_taken"
    alice.delete(f"{URL}/aliceHype")
    assert alice.post(URL, form()).status_code == 201
    assert alice.post(f"{URL}/aliceHype/restore").status_code == 409


@override_settings(CHAT_CHANNEL_EMOTES=2)
def test_a_channel_has_so_many_emotes(people: dict[str, User]) -> None:
    alice = of(people["alice"])
    answers = [alice.post(URL, form(name)).status_code for name in ("One", "Two", "Three")]
    assert answers == [201, 201, 409]
    alice.delete(f"{URL}/aliceOne")
    assert alice.post(URL, form("Three")).status_code == 201
    assert alice.post(f"{URL}/aliceOne/restore").status_code == 409


def test_uploads_are_counted(people: dict[str, User]) -> None:
    for _ in range(UPLOADS.limit):
        UPLOADS.allows(str(people["alice"].pk))
    assert of(people["alice"]).post(URL, form()).status_code == 429


def test_the_prefix_changes_while_it_is_in_no_code(people: dict[str, User]) -> None:
    alice = of(people["alice"])
    assert prefix_of(room=people["bob"].channel) == "bob"
    wanted = ["bob", "Ali", "ali7"]
    answers = [alice.put(f"{URL}/prefix", {"prefix": text}, "application/json").status_code for text in wanted]
    assert answers == [409, 400, 200]
    assert alice.post(URL, form()).json()["code"] == "ali7Hype"
    assert alice.put(f"{URL}/prefix", {"prefix": "alice"}, "application/json").status_code == 409


def test_a_subscriber_wears_the_badge_of_his_months(people: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    alice, room = of(people["alice"]), people["alice"].channel
    for months in (1, 6):
        body = {"picture": SimpleUploadedFile("b.png", sample.still(size=(40, 40 + months)))}
        # Django's test client makes forms for POST only.
        answer = alice.generic("PUT", f"{BADGES}/{months}", *_multipart(body))
        assert answer.status_code == 200, answer.content
    assert [badge["months"] for badge in Client().get(BADGES).json()] == [1, 6]
    monkeypatch.setattr("chat.membership.subscribed_months", lambda *, places: dict.fromkeys(places, 8))
    speaker = speaker_in_room(room=room, user=people["bob"])
    assert (speaker.badges, speaker.months) == (("moderator", "subscriber/6"), 8)
    assert alice.delete(f"{BADGES}/6").status_code == 204
    assert speaker_in_room(room=room, user=people["bob"]).badges == ("moderator", "subscriber/1")
    assert alice.generic("PUT", f"{BADGES}/5", *_multipart({"picture": BytesIO(sample.still())})).status_code == 400
    moving = {"picture": SimpleUploadedFile("b.gif", sample.moving())}
    assert alice.generic("PUT", f"{BADGES}/2", *_multipart(moving)).json()["code"] == "too_many_frames"


def test_what_is_erased_is_gone_also_from_what_was_said(people: dict[str, User]) -> None:
    alice = of(people["alice"])
    kept = alice.post(URL, form("Kept", sample.still(size=(30, 60)))).json()
    erased = alice.post(URL, form()).json()
    assert erase_emotes(emotes=Emote.objects.filter(code="aliceHype"), actor=people["dave"]) == 1
    assert [Client().get(one["url"]).status_code for one in (kept, erased)] == [200, 404]


def test_staff_make_and_erase_emotes_in_the_admin(people: dict[str, User]) -> None:
    User.objects.filter(pk=people["dave"].pk).update(is_superuser=True)
    browser = Client()
    browser.force_login(people["dave"])
    body = {"code": "LUL", "upload": SimpleUploadedFile("x.png", sample.still())}
    assert browser.post("/admin/chat/emote/add/", body).status_code == 302
    emote = Emote.objects.get(code="LUL")
    assert (emote.room, emote.by) == (None, people["dave"])
    bad = browser.post("/admin/chat/emote/add/", {"code": "X2", "upload": SimpleUploadedFile("x.svg", sample.SVG)})
    assert "A code has 3 to 30 letters" in bad.content.decode()
    assert "LUL" in browser.get("/admin/chat/emote/").content.decode()
    browser.post("/admin/chat/emote/", {"action": "erase", "_selected_action": [emote.pk]})
    assert not Emote.objects.exists()


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (is_prefix, ["ali", "ali7", "a" * 10], ["al", "Ali", "7ali", "a" * 11, "al ", "älä", "ali\n"]),
        (is_name, ["H", "Hype7", "HYPE", "H" * 20], ["", "hype", "7H", "H-", "H" * 21, "Hy pe", "Ä", "H\n"]),
        (is_common_code, ["LUL", "Kappa", "xD7"], ["LU", "lul", "a b", "L" * 31, "7UL", ":)", "LUL\n"]),
    ],
)
def test_codes_have_a_form(check: object, good: list[str], bad: list[str]) -> None:
    assert callable(check)
    assert [text for text in good if not check(text)] == []
    assert [text for text in bad if check(text)] == []


@pytest.mark.parametrize(
    ("login", "number", "prefix"),
    [
        ("alice", 0, "alice"),
        ("alice", 12, "alice12"),
        ("a_b", 0, "abx"),
        ("007", 0, "x007"),
        ("a" * 25, 3, "aaaaaaaaa3"),
    ],
)
def test_a_channel_begins_with_a_prefix_of_its_name(login: str, number: int, prefix: str) -> None:
    assert prefix_from(login, number) == prefix
    assert is_prefix(prefix)


def test_the_reader_of_headers_says_what_a_stored_file_is() -> None:
    assert read_facts(sample.still("WEBP")) == PictureFacts("WEBP", 64, 64)


def _multipart(body: Mapping[str, object]) -> tuple[bytes, str]:
    return encode_multipart(BOUNDARY, dict(body)), MULTIPART_CONTENT
