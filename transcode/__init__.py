"""Media in, LL-HLS out. Knows nothing of people."""
