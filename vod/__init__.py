"""Broadcasts that can be watched later."""
