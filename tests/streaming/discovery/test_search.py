"""What is found, in which order, and what never is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.services import reinstate_user, suspend_user
from streaming.broadcast_services import announce_live
from streaming.discovery.categories import delete_category, merge_categories, save_category
from streaming.discovery.keyset import Cursor
from streaming.discovery.search import search, search_kind, suggest
from streaming.discovery.search_index import Found, index_all_channels, index_categories, index_found
from streaming.discovery.search_words import fold, read_words
from streaming.discovery_models import EntryKind, SearchEntry
from streaming.limits import SEARCH_SHOWN
from streaming.models import Broadcast, Category, Channel
from streaming.services import end_broadcast, update_channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(alice: User, bob: User, charlie: User) -> None:
    index_categories()


def live(user: User, viewers: int = 0, **changes: Any) -> Broadcast:
    broadcast = Broadcast.objects.create(channel=user.channel, title="On air")
    broadcast.ingest_sessions.create(client_id=user.login)
    announce_live(stream_id=broadcast.public_id)
    Channel.objects.filter(pk=user.channel.pk).update(viewer_count=viewers, **changes)
    return broadcast


def channels_of(text: str) -> list[str]:
    return [entry.title for entry in search(read_words(text)).channels]


def found(ref: int, channel: Channel, title: str, views: int = 0) -> Found:
    return Found(
        ref=ref,
        channel_id=channel.pk,
        category_id=None,
        title=title,
        more="",
        path=f"/videos/{ref}",
        picture="",
        duration_seconds=60,
        views=views,
        created_at=datetime(2030, 1, 1, tzinfo=UTC),
    )


# --- Words


def test_words_are_folded_as_the_database_folds_them(alice: User) -> None:
    for title in ("Pokémon ÉLAN", "Ça Ira", "ｆｕｌｌ", "Ёлка", "Straße", "中文 ok"):
        index_found(kind=EntryKind.VIDEO, refs=[1], found=[found(1, alice.channel, title)])
        assert SearchEntry.objects.get(kind=EntryKind.VIDEO).key == fold(title)


def test_a_question_is_bounded_and_holds_no_operator() -> None:
    assert len(read_words("x" * 10_000).text) == 80
    assert len(read_words("a " * 50).words) == 8
    assert read_words("a & !b | (c:*)").tsquery == "a & b & c:*"
    assert not read_words("\x00 \u202e")


def test_the_questions_would_be_syntax_errors_if_they_were_handed_on(people: None) -> None:
    from django.contrib.postgres.search import SearchQuery
    from django.db import DatabaseError

    with pytest.raises(DatabaseError):
        list(SearchEntry.objects.filter(vector=SearchQuery("a & b | !c <-> (d:*", search_type="raw", config="simple")))


# --- Channels and categories


def test_a_new_channel_is_found_by_its_name_at_once(people: None) -> None:
    assert channels_of("alice") == ["alice"]
    assert channels_of("ALI") == ["alice"]


def test_a_channel_is_found_by_its_title_category_and_tags(people: None, alice: User) -> None:
    chess = Category.objects.get(slug="chess")
    update_channel(channel=alice.channel, title="Endgames tonight", category=chess, tags=["Rookwork"])

    for text in ("endgames", "tonight endg", "chess", "rookw"):
        assert channels_of(text) == ["alice"], text
    assert channels_of("endgames nowhere") == []


def test_a_mistyped_name_is_found_and_said_to_be_a_guess(people: None) -> None:
    results = search(read_words("alcie"))

    assert [entry.title for entry in results.channels] == ["alice"]
    assert results.guessed
    assert not search(read_words("alice")).guessed
    assert [entry.title for entry in search(read_words("chesss")).categories] == ["Chess"]


def test_of_guesses_those_that_are_sought_come_first(people: None, alice: User, bob: User) -> None:
    for user, name in ((alice, "silvervalley47"), (bob, "silvervalley48")):
        User.objects.filter(pk=user.pk).update(login=name, display_name="")
    Channel.objects.filter(pk=bob.channel.pk).update(follower_count=100)
    index_all_channels()

    assert [entry.title for entry in search(read_words("silvervaelly4")).channels] == ["silvervalley48"]
    # Nobody who is sought looks like this one.
    Channel.objects.filter(pk=bob.channel.pk).update(follower_count=98)
    index_all_channels()
    assert {entry.title for entry in search(read_words("silvervaelly4")).channels} == {
        "silvervalley47",
        "silvervalley48",
    }


def test_more_than_one_slip_is_forgiven_where_nothing_is_nearer(people: None, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(login="silvervalley47", display_name="")
    index_all_channels()

    assert channels_of("sivlervalley4x") == ["silvervalley47"]


SLIPS: tuple[Callable[[str, int], str], ...] = (
    lambda name, at: name[:at] + name[at + 1] + name[at] + name[at + 2 :],
    lambda name, at: name[:at] + name[at + 1 :],
    lambda name, at: name[:at] + name[at] + name[at:],
    lambda name, at: name[:at] + "q" + name[at + 1 :],
)


def test_a_name_with_one_slip_is_as_alike_as_the_first_guesses_must_be() -> None:
    """In the words of `similarity` itself; of two slips far apart most are not, or the bound would keep nothing out."""
    names = ("emberfox", "silvervalley47", "cosmicwalnut35", "night owl radio", "chesscoach", "amber acorn circuit")
    once = [(name, slip(name, at)) for name in names for slip in SLIPS for at in range(1, len(name) - 1)]
    twice = [(name, SLIPS[3](SLIPS[0](name, 1), len(name) - 3)) for name in names]

    assert [pair for pair in once if alike(*pair) < read_words(pair[1]).likenesses[0]] == []
    assert all(alike(*pair) < read_words(pair[1]).likenesses[0] for pair in twice)


def alike(name: str, typed: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT similarity(%s, %s)", [name, typed])
        return float(cursor.fetchone()[0])


def test_channels_on_air_come_first_then_those_most_followed(people: None, bob: User, charlie: User) -> None:
    for user, followers in ((bob, 5), (charlie, 900)):
        update_channel(channel=user.channel, title="Chess club")
        Channel.objects.filter(pk=user.channel.pk).update(follower_count=followers)
    index_all_channels()
    assert channels_of("club") == ["charlie", "bob"]

    broadcast = live(bob)
    assert channels_of("club") == ["bob", "charlie"]

    end_broadcast(broadcast=broadcast, reason="Done.")
    assert channels_of("club") == ["charlie", "bob"]


def test_a_suspended_channel_vanishes_at_once_and_comes_back(people: None, alice: User) -> None:
    suspend_user(user=alice)
    assert channels_of("alice") == []
    assert search_kind(read_words("alice"), EntryKind.CHANNEL, None).entries == []

    reinstate_user(user=alice)
    assert channels_of("alice") == ["alice"]


def test_suggestions_are_channels_and_categories_only(people: None, alice: User) -> None:
    index_found(kind=EntryKind.VIDEO, refs=[1], found=[found(1, alice.channel, "Chess for all")])

    results = suggest(read_words("che"))
    assert [entry.title for entry in results.categories] == ["Chess"]
    assert results.videos == []


def test_one_letter_is_enough_for_suggestions(people: None) -> None:
    assert [entry.title for entry in suggest(read_words("a")).channels] == ["alice"]


def test_categories_are_found_under_their_new_names_only(people: None) -> None:
    chess = Category.objects.get(slug="chess")
    chess.name, chess.slug = "Shatranj", "shatranj"
    save_category(category=chess)

    assert [entry.title for entry in search(read_words("shatr")).categories] == ["Shatranj"]
    assert search(read_words("chess")).categories == []
    delete_category(category=chess)
    assert search(read_words("shatranj")).categories == []


# --- Pages of one kind


def test_every_page_begins_where_the_last_one_ended(people: None, alice: User) -> None:
    some = [found(number, alice.channel, f"Chess {number}", views=number) for number in range(1, 60)]
    index_found(kind=EntryKind.VIDEO, refs=range(1, 60), found=some)

    seen: list[int] = []
    after: Cursor | None = None
    for _ in range(3):
        page = search_kind(read_words("chess"), EntryKind.VIDEO, after)
        seen += [entry.ref for entry in page.entries]
        after = page.after
    assert after is None
    assert len(seen) == len(set(seen)) == 59
    assert seen[0] == 59  # the most watched


def test_a_search_asks_few_questions_however_much_there_is(
    people: None, alice: User, django_assert_max_num_queries: Any
) -> None:
    some = [found(number, alice.channel, f"Chess {number}") for number in range(1, 60)]
    index_found(kind=EntryKind.VIDEO, refs=range(1, 60), found=some)

    with django_assert_max_num_queries(3):
        search(read_words("chess"))
    with django_assert_max_num_queries(8):  # two of them open and close a savepoint of the test's transaction
        search(read_words("nothinglikethis"))


def test_what_is_rare_is_found_behind_the_most_sought(people: None, alice: User, monkeypatch: Any) -> None:
    """With nothing among the first ones, the indexes answer; a name that is typed whole comes first in any case."""
    monkeypatch.setattr("streaming.discovery.search.SEARCH_WINDOW", 5)
    some = [found(number, alice.channel, f"Chess {number}", views=10**6 // number) for number in range(1, 40)]
    some.append(found(40, alice.channel, "Zugzwang", views=1))
    some.append(found(41, alice.channel, "Chess"))
    index_found(kind=EntryKind.VIDEO, refs=range(1, 42), found=some)
    assert [entry.title for entry in search(read_words("zugz")).videos] == ["Zugzwang"]
    titles = [entry.title for entry in search(read_words("chess")).videos]
    assert titles[:2] == ["Chess", "Chess 1"]
    assert len(titles) == SEARCH_SHOWN


def test_the_least_watched_category_is_found_by_a_word_of_its_name(people: None, alice: User, monkeypatch: Any) -> None:
    """Of categories there are hundreds: none is left to an index of words, in which everybody's titles stand too."""
    monkeypatch.setattr("streaming.discovery.search.SEARCH_WINDOW", 5)
    for number in range(20):
        save_category(category=Category(name=f"Game {number} tournament", slug=f"game-{number}"))
    save_category(category=Category(name="Old tournament", slug="old-tournament"))
    titles = [f"Tournament {number}" for number in range(40)]
    index_found(kind=EntryKind.VIDEO, refs=range(40), found=[found(n, alice.channel, t) for n, t in enumerate(titles)])
    results = search(read_words("tournament old"))
    assert [entry.title for entry in results.categories] == ["Old tournament"]


def test_writing_again_what_is_right_changes_nothing(people: None) -> None:
    index_all_channels()
    assert index_all_channels() == 0


# --- Categories


def test_old_addresses_lead_to_what_a_category_became(people: None, alice: User) -> None:
    chess, games = Category.objects.get(slug="chess"), Category.objects.get(slug="games")
    Channel.objects.filter(pk=alice.channel.pk).update(category=chess)
    chess.slug = "schach"
    save_category(category=chess)
    assert Client().get("/browse/chess")["Location"] == "/browse/schach"

    merge_categories(source=chess, target=games)
    assert Client().get("/browse/chess")["Location"] == "/browse/games"
    assert Client().get("/browse/schach")["Location"] == "/browse/games"
    alice.channel.refresh_from_db()
    assert alice.channel.category == games
