"""Time zones by their names in the IANA database."""

from functools import cache
from zoneinfo import available_timezones

REGIONS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip
UTC_NAME = "UTC"


@cache
def zone_names() -> frozenset[str]:
    """Those of places, which is what browsers say; and UTC. Old spellings are among them: browsers use some."""
    places = {name for name in available_timezones() if name.partition("/")[0] in REGIONS}
    return frozenset(places | {UTC_NAME})


@cache
def zones_by_region() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """To choose from, in groups: ("Europe", (("Europe/Berlin", "Berlin"), …)), …"""
    groups = []
    for region in REGIONS:
        names = sorted(name for name in zone_names() if name.startswith(f"{region}/"))
        groups.append((region, tuple((name, shown_place(name)) for name in names)))
    return (("Anywhere", ((UTC_NAME, UTC_NAME),)), *groups)


def shown_place(name: str) -> str:
    """America/Argentina/Buenos_Aires → Argentina, Buenos Aires."""
    return name.partition("/")[2].replace("_", " ").replace("/", ", ")
