"""The rules of the checklist, one module for each of its sections; importing them registers them."""

import importlib
import pkgutil


def load_rules() -> None:
    """Registers every rule there is."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
