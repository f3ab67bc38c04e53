-- Tells the votes that came too soon after the last telling. KEYS and ARGV as in votes.lua.
return tell(clock_ms())
