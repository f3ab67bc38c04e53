"""Every Redis key and channel of notifications."""

TOLD = "notifications:told"  # Pub/Sub channel: every site process hears of every batch
