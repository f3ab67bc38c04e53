"""Whoever adds a page says how it is looked at."""

from tests.look.places import NOT_LOOKED_AT, PLACES
from tests.look.routes import page_routes

LOOKED_AT = {place.route for place in PLACES} - {""}


def test_every_route_is_a_page_that_is_looked_at_or_says_why_not() -> None:
    """A new page: a line in tests/look/places.py, with its states."""
    assert page_routes() - LOOKED_AT - set(NOT_LOOKED_AT) == set()


def test_nothing_is_looked_at_that_is_no_route() -> None:
    assert (LOOKED_AT | set(NOT_LOOKED_AT)) - page_routes() == set()
    assert not LOOKED_AT & set(NOT_LOOKED_AT)


def test_every_place_has_a_name_of_its_own() -> None:
    names = [place.name for place in PLACES]
    assert len(set(names)) == len(names)
