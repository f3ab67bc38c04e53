"""One room per channel: what is said, by whom, in what order."""
