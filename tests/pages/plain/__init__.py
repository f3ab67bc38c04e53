"""A browser without scripts, without Chromium: fast enough to send every form of the site."""
