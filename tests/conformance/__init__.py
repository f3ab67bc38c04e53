"""Our own conformance checker for HLS and Low-Latency HLS: `python -m tests.conformance`.

`recorder`, `probes` and `cases` put a broadcast on air and note what they are answered as a `Capture`; `rules/` judge a
capture and nothing else, so `keeping` can store one and `--replay` judge it again. Each rule has negative controls:
mutations of a good capture that it must reject (`test_controls`, `test_http_rules`).
"""
