"""Looks at every page in every state: pictures, and what can be judged by machine."""
