"""The rules of the checklist, one module for each of its sections; importing them registers them."""

import importlib
import pkgutil

from tests.conformance.rule import Rule

# What these judge is asked for by probes; their good capture is `http_capture`, of all others `good_capture`.
ABOUT_HTTP = frozenset({"blocking_rules", "delta_rules", "hint_rules", "availability_rules", "http_rules"})


def is_about_http(rule: Rule) -> bool:
    return rule.check.__module__.rpartition(".")[2] in ABOUT_HTTP


def load_rules() -> None:
    """Registers every rule there is."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
