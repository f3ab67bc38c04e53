"""What a tag may be, and when two are the same."""

import pytest

from common.errors import InvalidInput
from streaming.discovery.tags import check_tags, facets_of, tag_key


def test_tags_keep_their_case_and_lose_what_is_no_part_of_them() -> None:
    assert check_tags([" #RPG", "Ｓpeedrun", "中文"]) == ["RPG", "Speedrun", "中文"]


def test_the_same_tag_twice_is_one() -> None:
    assert check_tags(["Chess", "#chess", "CHESS"]) == ["Chess"]


@pytest.mark.parametrize("tag", ["", "#", "two words", "a-b", "<b>", "a\x00", "x" * 26, "'", 7, None])
def test_what_is_no_tag_is_refused(tag: object) -> None:
    with pytest.raises(InvalidInput):
        check_tags([tag])


def test_more_than_ten_are_refused() -> None:
    with pytest.raises(InvalidInput):
        check_tags([f"tag{number}" for number in range(11)])
    assert len(check_tags([f"tag{number}" for number in range(10)])) == 10


def test_keys_are_what_addresses_hold() -> None:
    assert tag_key("#SpeedRun") == "speedrun"
    assert tag_key("two words") == tag_key("<script>") == tag_key("x" * 26) == ""


def test_facets_join_tags_and_language() -> None:
    assert facets_of(tags=["Chess", "RPG"], language="pt-BR") == ["tag:chess", "tag:rpg", "lang:pt"]
