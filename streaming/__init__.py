"""Channels and broadcasts: going live, being watched, being found."""
