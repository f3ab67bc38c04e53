"""When a channel means to be on air: the streamer's plan, by the clock on his wall."""
