"""Installs, starts and stops a whole Millrace on one machine; imported by none of its processes."""
