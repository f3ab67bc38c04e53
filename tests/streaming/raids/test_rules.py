"""Who may raid whom, and how far apart raiders arrive."""

from dataclasses import replace

import pytest

from streaming.raid_states import ALLOWED_MOVES, RaidState, states_before
from streaming.raids.rules import Door, Raider, RaidsFrom, page_spread_seconds, refuse_raid, spread_seconds

STRANGER = Raider(followed=False, helps=False, account_days=100, followers=50)
OPEN = Door(live=True, raids_from=RaidsFrom.EVERYONE, min_account_days=0, min_followers=0)


def test_an_open_door_lets_a_stranger_in() -> None:
    assert refuse_raid("Bob", STRANGER, OPEN) is None


@pytest.mark.parametrize(
    ("raider", "door", "says"),
    [
        (STRANGER, replace(OPEN, live=False), "not live"),
        (STRANGER, replace(OPEN, raids_from=RaidsFrom.NOBODY), "does not take raids"),
        (STRANGER, replace(OPEN, raids_from=RaidsFrom.FRIENDS), "does not take raids"),
        (replace(STRANGER, helps=True), replace(OPEN, raids_from=RaidsFrom.NOBODY), "does not take raids"),
        (STRANGER, replace(OPEN, min_account_days=101), "101 days"),
        (STRANGER, replace(OPEN, min_followers=1_000), "1,000 followers"),
        (replace(STRANGER, guarded="banned"), OPEN, "by you at present"),
        (replace(STRANGER, followed=True, guarded="banned"), OPEN, "by you at present"),
    ],
)
def test_a_door_that_is_shut_says_why(raider: Raider, door: Door, says: str) -> None:
    assert says in str(refuse_raid("Bob", raider, door))


@pytest.mark.parametrize("friend", [replace(STRANGER, followed=True), replace(STRANGER, helps=True)])
def test_friends_need_no_age_and_no_followers(friend: Raider) -> None:
    strict = replace(OPEN, raids_from=RaidsFrom.FRIENDS, min_account_days=1_000, min_followers=1_000)
    assert refuse_raid("Bob", friend, strict) is None


def test_few_leave_at_once_and_many_within_five_seconds() -> None:
    assert spread_seconds(1) < 0.01
    assert spread_seconds(500) == 2.5
    assert spread_seconds(1_000) == spread_seconds(1_000_000) == 5.0


def test_pages_are_asked_for_as_fast_as_they_are_made() -> None:
    assert page_spread_seconds(1) < 0.1
    assert page_spread_seconds(1_000) == 50.0
    assert page_spread_seconds(1_000_000) == 60.0


def test_a_raid_that_has_left_cannot_be_called_off() -> None:
    assert states_before(RaidState.CANCELLED) == [RaidState.COUNTING]
    assert set(ALLOWED_MOVES) == set(RaidState)
