"""What the ingest server asks and is told."""
