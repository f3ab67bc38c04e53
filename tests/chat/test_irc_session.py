"""The IRC session without a socket: what clients send, what they are told, in which order."""

import json
from typing import Any

import pytest

from chat.core.irc import Hang, IrcSession, Join, Leave, Recolor, SayIn, SignIn, Wish
from chat.core.irc_lines import Line, format_line, parse_line
from chat.core.irc_rooms import IrcRoom

NOW_MS = 1_700_000_000_000
CAPS = "twitch.tv/tags twitch.tv/commands twitch.tv/membership"
BOT = {"id": 102, "login": "bot", "display_name": "Bot", "badges": ["moderator"]}
CAROL = {"id": 103, "login": "carol", "display_name": "Carol", "badges": []}
MODES = {
    "slow_seconds": 0,
    "followers_only": False,
    "followers_seconds": 0,
    "subscribers_only": False,
    "unique_chat": False,
}
MESSAGE_ID = "0198c0de-0000-7000-8000-0000000000ab"
ALICE = IrcRoom(101, "alice", MODES)
WELCOME_TEXT = """\
:tmi.twitch.tv 001 bot :Welcome, GLHF!
:tmi.twitch.tv 002 bot :Your host is tmi.twitch.tv
:tmi.twitch.tv 003 bot :This server is rather new
:tmi.twitch.tv 004 bot :-
:tmi.twitch.tv 375 bot :-
:tmi.twitch.tv 372 bot :You are in a maze of twisty passages, all alike.
:tmi.twitch.tv 376 bot :>
"""
GLOBALUSERSTATE = (
    "@badge-info=;badges=moderator/1;color=;display-name=Bot;emote-sets=0;user-id=102;user-type=mod"
    " :tmi.twitch.tv GLOBALUSERSTATE\n"
)


def wishes(session: IrcSession, text: str) -> list[Wish]:
    return list(session.feed(text))


def told(session: IrcSession) -> str:
    text = session.take()
    assert text == "" or text.endswith("\r\n")
    return text.replace("\r\n", "\n")


def signed_in(*, caps: bool = True) -> IrcSession:
    session = IrcSession()
    wishes(session, f"CAP REQ :{CAPS}\r\n" if caps else "")
    assert wishes(session, "PASS oauth:t0ken\r\nNICK whatever") == [SignIn("t0ken")]
    session.signed_in(BOT)
    session.take()
    return session


def in_alice(*, caps: bool = True) -> IrcSession:
    session = signed_in(caps=caps)
    assert wishes(session, "JOIN #Alice") == [Join("alice")]
    session.joined(ALICE, BOT)
    session.take()
    return session


def message(user: dict[str, Any], text: str, message_id: str = "m1", **more: Any) -> bytes:
    body = {"type": "message", "seq": 1, "id": message_id, "sent_at": "2026-01-01T00:00:00.123Z", "user": user}
    return json.dumps({**body, "text": text, **more}).encode()


@pytest.mark.parametrize(
    ("line", "parsed"),
    [
        ("PRIVMSG #a :hello  there", Line("PRIVMSG", ("#a", "hello  there"))),
        ("privmsg #a hello", Line("PRIVMSG", ("#a", "hello"))),
        (":x!x@x PING", Line("PING")),
        ("CAP REQ :a b", Line("CAP", ("REQ", "a b"))),
        ("@a=1;b=x\\sy\\:z\\\\;c= CMD", Line("CMD", (), {"a": "1", "b": "x y;z\\", "c": ""})),
        ("@a=x\\q\\ CMD :", Line("CMD", ("",), {"a": "xq"})),
        ("  ", None),
        ("", None),
        (":only.prefix", None),
        ("@only=tags", None),
    ],
)
def test_a_line_is_read(line: str, parsed: Line | None) -> None:
    assert parse_line(line) == parsed


def test_a_line_is_written_and_nothing_breaks_out_of_it() -> None:
    line = format_line("NOTICE", "#a", tags={"b": "x y;z", "a": ""}, last="one\r\nQUIT :two\0")
    assert line == "@a=;b=x\\sy\\:z :tmi.twitch.tv NOTICE #a :one  QUIT :two "


@pytest.mark.parametrize(
    "lines",
    [
        f"CAP REQ :{CAPS}\r\nPASS oauth:t0ken\r\nNICK bot",  # tmi.js
        "PASS oauth:t0ken\nNICK bot",  # Python's irc
        f"CAP LS 302\r\nCAP REQ :{CAPS}\r\nCAP END\r\nPASS t0ken\r\nNICK bot\r\nUSER bot 8 * :bot",  # twurple, WeeChat
    ],
)
def test_every_kind_of_client_is_welcomed(lines: str) -> None:
    session = IrcSession()
    assert wishes(session, lines) == [SignIn("t0ken")]
    session.take()
    session.signed_in(BOT)
    assert told(session) == WELCOME_TEXT + (GLOBALUSERSTATE if "CAP REQ" in lines else "")


def test_capabilities_are_acknowledged_word_for_word_or_not_at_all() -> None:
    session = IrcSession()
    wishes(session, "CAP LS 302\r\nCAP REQ :twitch.tv/tags  twitch.tv/commands\r\nCAP REQ unknown/cap\r\nCAP END")
    assert told(session) == (
        ":tmi.twitch.tv CAP * LS :twitch.tv/commands twitch.tv/membership twitch.tv/tags\n"
        ":tmi.twitch.tv CAP * ACK :twitch.tv/tags  twitch.tv/commands\n"
        ":tmi.twitch.tv CAP * NAK :unknown/cap\n"
    )


def test_a_wrong_token_is_told_in_the_words_clients_compare() -> None:
    session = IrcSession()
    wishes(session, "PASS oauth:wrong\r\nNICK bot")
    assert list(session.sign_in_failed()) == [Hang()]
    assert told(session) == ":tmi.twitch.tv NOTICE * :Login authentication failed\n"


def test_justinfan_reads_without_a_token() -> None:
    session = IrcSession()
    assert wishes(session, "PASS SCHMOOPIIE\r\nNICK justinfan123") == []
    assert ":tmi.twitch.tv 376 justinfan123 :>" in told(session)
    wishes(session, "JOIN #alice")
    session.joined(ALICE, None)
    assert "USERSTATE" not in told(session)
    assert wishes(session, "PRIVMSG #alice :hi") == []


def test_joining_tells_userstate_before_roomstate() -> None:
    session = signed_in()
    assert wishes(session, "JOIN #alice,#Nobody_,#!") == [Join("alice"), Join("nobody_")]
    session.take()
    session.joined(ALICE, BOT)
    assert told(session) == (
        ":bot!bot@bot.tmi.twitch.tv JOIN #alice\n"
        ":bot.tmi.twitch.tv 353 bot = #alice :bot\n"
        ":bot.tmi.twitch.tv 366 bot #alice :End of /NAMES list\n"
        "@badge-info=;badges=moderator/1;color=;display-name=Bot;emote-sets=0;mod=1;subscriber=0;user-type=mod"
        " :tmi.twitch.tv USERSTATE #alice\n"
        "@emote-only=0;followers-only=-1;r9k=0;room-id=101;slow=0;subs-only=0 :tmi.twitch.tv ROOMSTATE #alice\n"
    )
    assert wishes(session, "PART #alice") == [Leave("alice")]
    assert told(session) == ":bot!bot@bot.tmi.twitch.tv PART #alice\n"


def test_what_others_say_is_told_with_their_tags() -> None:
    session = in_alice()
    session.happened("alice", message(CAROL, "hello; there"), NOW_MS)
    assert told(session) == (
        "@badge-info=;badges=;color=;display-name=Carol;emotes=;first-msg=0;flags=;id=m1;mod=0;returning-chatter=0;"
        "room-id=101;subscriber=0;tmi-sent-ts=1767225600123;turbo=0;user-id=103;user-type="
        " :carol!carol@carol.tmi.twitch.tv PRIVMSG #alice :hello; there\n"
    )
    session.happened("alice", message(CAROL, "waves", action=True), NOW_MS)
    assert told(session).endswith("PRIVMSG #alice :\x01ACTION waves\x01\n")


def test_a_reply_is_told_with_its_parent_and_its_thread() -> None:
    session = in_alice()
    reply = {"id": "m0", "user_id": 102, "login": "bot", "display_name": "Bot", "text": "hi; all", "thread_id": "m9"}
    session.happened("alice", message(CAROL, "hello", reply={**reply, "thread_login": "dave"}), NOW_MS)
    line = told(session)
    assert (
        ";reply-parent-display-name=Bot;reply-parent-msg-body=hi\\:\\sall;reply-parent-msg-id=m0;"
        "reply-parent-user-id=102;reply-parent-user-login=bot;reply-thread-parent-msg-id=m9;"
        "reply-thread-parent-user-login=dave;returning-chatter=0;" in line
    )
    assert line.endswith("PRIVMSG #alice :@Bot hello\n")
    reply["thread_login"] = "dave"
    session.happened("alice", message(CAROL, "Kappa hi", reply=reply, emotes={"25": [[0, 4]]}), NOW_MS)
    assert ";emotes=25:5-9;" in told(session)  # the name before the text moves them


@pytest.mark.parametrize(("tag", "answered"), [(MESSAGE_ID, MESSAGE_ID), (MESSAGE_ID.upper(), MESSAGE_ID), ("x", None)])
def test_a_reply_is_understood(tag: str, answered: str | None) -> None:
    (wish,) = wishes(in_alice(), f"@reply-parent-msg-id={tag} PRIVMSG #alice :hello")
    assert wish == SayIn("alice", "hello", plain=False, client_nonce="", reply_to=answered)


def test_an_announcement_is_a_usernotice_also_for_who_made_it() -> None:
    session = in_alice()
    session.happened("alice", message(BOT, "a new round", announcement="blue"), NOW_MS)
    assert told(session) == (
        "@badge-info=;badges=moderator/1;color=;display-name=Bot;emotes=;flags=;id=m1;login=bot;mod=1;"
        "msg-id=announcement;msg-param-color=BLUE;room-id=101;subscriber=0;system-msg=;tmi-sent-ts=1767225600123;"
        "user-id=102;user-type=mod :tmi.twitch.tv USERNOTICE #alice :a new round\n"
    )


def test_without_capabilities_only_the_bare_message_is_told() -> None:
    session = in_alice(caps=False)
    session.happened("alice", message(CAROL, "hello"), NOW_MS)
    session.happened("alice", b'{"type":"room_cleared","seq":2}', NOW_MS)
    assert told(session) == ":carol!carol@carol.tmi.twitch.tv PRIVMSG #alice :hello\n"


@pytest.mark.parametrize("echo_first", [True, False])
def test_the_sender_gets_userstate_and_no_echo(echo_first: bool) -> None:
    session = in_alice()
    (wish,) = wishes(session, "@client-nonce=n1 PRIVMSG #alice :hello")
    assert wish == SayIn("alice", "hello", plain=False, client_nonce="n1")
    if echo_first:
        session.happened("alice", message(BOT, "hello", "mine"), NOW_MS)
    session.answered(wish, {"type": "ack", "id": "mine", "seq": 1}, BOT)
    if not echo_first:
        session.happened("alice", message(BOT, "hello", "mine"), NOW_MS)
    text = told(session)
    assert "PRIVMSG" not in text
    assert "client-nonce=n1" in text
    assert "id=mine" in text
    session.happened("alice", message(BOT, "from my other window", "other"), NOW_MS)
    assert "PRIVMSG #alice :from my other window" in told(session)


@pytest.mark.parametrize(
    ("sent", "text", "plain"),
    [
        ("hello", "hello", False),
        ("/ban carol", "/ban carol", False),
        (".ban carol", "/ban carol", False),
        ("/ /ban carol", "/ban carol", True),
        (". .hi", ".hi", True),
        ("...what", "...what", False),
        ("\x01ACTION waves\x01", "/me waves", False),
        ("/r9kbeta", "/uniquechat", False),
    ],
)
def test_what_is_written_is_understood_as_on_twitch(sent: str, text: str, plain: bool) -> None:
    (wish,) = wishes(in_alice(), f"PRIVMSG #alice :{sent}")
    assert wish == SayIn("alice", text, plain=plain, client_nonce="")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            {"type": "user_removed", "user_id": 103, "login": "carol", "seconds": 600},
            "@ban-duration=600;room-id=101;target-user-id=103;tmi-sent-ts=1700000000000"
            " :tmi.twitch.tv CLEARCHAT #alice :carol\n",
        ),
        (
            {"type": "user_removed", "user_id": 103, "login": "carol", "seconds": None},
            "@room-id=101;target-user-id=103;tmi-sent-ts=1700000000000 :tmi.twitch.tv CLEARCHAT #alice :carol\n",
        ),
        (
            {"type": "sampled", "active": True, "per_second": 20},
            "@msg-id=sampled :tmi.twitch.tv NOTICE #alice"
            " :This room is very fast. You are shown some of its messages.\n",
        ),
        ({"type": "room_cleared"}, "@room-id=101;tmi-sent-ts=1700000000000 :tmi.twitch.tv CLEARCHAT #alice\n"),
        (
            {"type": "message_removed", "id": "m1", "message_seq": 1, "login": "carol"},
            "@login=carol;room-id=;target-msg-id=m1;tmi-sent-ts=1700000000000"
            " :tmi.twitch.tv CLEARMSG #alice :message removed\n",
        ),
        (
            {"type": "room_state", "modes": {**MODES, "slow_seconds": 15}},
            "@room-id=101;slow=15 :tmi.twitch.tv ROOMSTATE #alice\n"
            "@msg-id=slow_on :tmi.twitch.tv NOTICE #alice :This room is now in slow mode.\n",
        ),
        (
            {"type": "room_state", "modes": {**MODES, "followers_only": True, "followers_seconds": 600}},
            "@followers-only=10;room-id=101 :tmi.twitch.tv ROOMSTATE #alice\n"
            "@msg-id=followers_on :tmi.twitch.tv NOTICE #alice :This room is now in followers-only mode.\n",
        ),
        (
            {"type": "room_state", "modes": {**MODES, "followers_only": True}},
            "@followers-only=0;room-id=101 :tmi.twitch.tv ROOMSTATE #alice\n"
            "@msg-id=followers_on_zero :tmi.twitch.tv NOTICE #alice :This room is now in followers-only mode.\n",
        ),
        ({"type": "gap", "first": 1, "last": 2}, ""),
    ],
)
def test_moderators_acts_are_told_as_twitch_tells_them(event: dict[str, Any], line: str) -> None:
    session = in_alice()
    session.happened("alice", json.dumps({"seq": 9, **event}).encode(), NOW_MS)
    assert told(session) == line


def test_a_change_is_told_once() -> None:
    session = in_alice()
    change = {"type": "room_state", "seq": 1, "modes": {**MODES, "unique_chat": True}}
    for _ in range(2):
        session.happened("alice", json.dumps(change).encode(), NOW_MS)
    assert told(session).count("ROOMSTATE") == 1


@pytest.mark.parametrize(
    ("answer", "msg_id"),
    [
        ({"type": "refused", "rule": "slow", "text": "Slow."}, "msg_slowmode"),
        ({"type": "refused", "rule": "rate_user", "text": "Too fast."}, "msg_ratelimit"),
        ({"type": "refused", "rule": "banned", "text": "Banned."}, "msg_banned"),
        ({"type": "refused", "rule": "permission", "text": "No."}, "no_permission"),
        ({"type": "done", "text": "Done."}, "timeout_success"),
    ],
)
def test_an_answer_is_a_notice_with_twitchs_id(answer: dict[str, Any], msg_id: str) -> None:
    session = in_alice()
    (wish,) = wishes(session, "PRIVMSG #alice :/timeout carol")
    assert isinstance(wish, SayIn)
    session.answered(wish, answer, BOT)
    assert told(session) == f"@msg-id={msg_id} :tmi.twitch.tv NOTICE #alice :{answer['text']}\n"


def test_pings_are_answered_in_the_form_they_came() -> None:
    session = signed_in()
    wishes(session, "PING\r\nPING :x y\r\nPONG")
    assert told(session) == "PONG\n:tmi.twitch.tv PONG tmi.twitch.tv :x y\n"
    session.ping()
    assert told(session) == "PING :tmi.twitch.tv\n"


def test_rubbish_is_passed_over() -> None:
    session = signed_in()
    assert wishes(session, "\r\n\r\n:\r\n@\r\nJOIN\r\nPART\r\nPRIVMSG\r\nPRIVMSG #x\r\nCAP\r\nNONSENSE a b\r\n") == []
    wishes(session, "x" * 5000)
    assert told(session).endswith(":tmi.twitch.tv NOTICE * :A line can have 4096 characters.\n")


def test_nobody_joins_before_he_is_registered_or_without_end() -> None:
    assert wishes(IrcSession(), "JOIN #alice") == []
    session = signed_in()
    for number in range(120):
        for wish in wishes(session, f"JOIN #room_{number}"):
            assert isinstance(wish, Join)
            session.joined(IrcRoom(number, wish.login, MODES), BOT)
    assert len(session.rooms) == 100


def test_emotes_badges_and_colour_are_told_as_twitch_tells_them() -> None:
    session = in_alice()
    carol = {**CAROL, "badges": ["vip", "subscriber/6"], "color": "#1E90FF", "months": 8}
    session.happened("alice", message(carol, "a Kappa b", emotes={"c" * 24: [[2, 6]]}), NOW_MS)
    session.happened("alice", message(carol, "Kappa", "m2", emotes={"c" * 24: [[0, 4]]}, action=True), NOW_MS)
    mixed, only = told(session).splitlines()
    for tag in ("badge-info=subscriber/8", "badges=vip/1,subscriber/6", "color=#1E90FF", "subscriber=1", "vip=1"):
        assert tag in mixed.removeprefix("@").split(" ")[0].split(";")
    assert f";emotes={'c' * 24}:2-6;" in mixed and "emote-only" not in mixed
    assert f";emote-only=1;emotes={'c' * 24}:0-4;" in only  # counted without the wrapper of an action


def test_emote_only_mode_is_told_with_its_notice() -> None:
    session = in_alice()
    event = {"type": "room_state", "seq": 2, "modes": {**MODES, "emote_only": True}}
    session.happened("alice", json.dumps(event).encode(), NOW_MS)
    state, notice = told(session).splitlines()
    assert state == "@emote-only=1;room-id=101 :tmi.twitch.tv ROOMSTATE #alice"
    assert "msg-id=emote_only_on" in notice


def test_a_colour_is_chosen_without_a_room() -> None:
    session = in_alice()
    assert wishes(session, "PRIVMSG #tmijs :/color Coral\r\nPRIVMSG #tmijs :.color #1E90FF") == [
        Recolor("tmijs", "Coral"),
        Recolor("tmijs", "#1E90FF"),
    ]
    session.recolored(Recolor("tmijs", "Coral"), "Coral it is.", done=True)
    assert told(session) == "@msg-id=color_changed :tmi.twitch.tv NOTICE #tmijs :Coral it is.\n"
    assert wishes(session, "PRIVMSG #alice :/color Coral")[0] == SayIn("alice", "/color Coral", False, "")
    session.take()
    assert wishes(session, "PRIVMSG #elsewhere :hello") == []
    assert "msg_room_not_found" in told(session)
