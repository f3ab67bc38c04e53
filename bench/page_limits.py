"""What a page may cost, on a site of any size."""

PAGE_BAR, SUGGESTION_BAR = 100.0, 50.0  # milliseconds, for 95 of 100
MOST_QUERIES = 12
