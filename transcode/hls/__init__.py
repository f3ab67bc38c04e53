"""LL-HLS as rules, one concept of the specification per file (draft-pantos-hls-rfc8216bis)."""
