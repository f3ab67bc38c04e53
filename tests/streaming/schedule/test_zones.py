"""Which time zones may be chosen."""

from zoneinfo import ZoneInfo

from streaming.schedule.zones import shown_place, zone_names, zones_by_region


def test_places_and_utc_may_be_chosen_and_nothing_else() -> None:
    assert {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Calcutta"} <= zone_names()
    assert not {"EST", "Etc/GMT+5", "posixrules", "localtime", "Europe", ""} & zone_names()
    assert len(zone_names()) > 400
    assert all(ZoneInfo(name) for name in zone_names())


def test_each_is_offered_once() -> None:
    offered = [name for _, group in zones_by_region() for name, _ in group]
    assert len(offered) == len(set(offered))
    assert set(offered) == zone_names()


def test_place_is_shown_as_people_write_it() -> None:
    assert shown_place("America/Argentina/Buenos_Aires") == "Argentina, Buenos Aires"
