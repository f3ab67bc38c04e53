"""Views of channels and broadcasts."""
