-- Somebody begins to watch a broadcast. Answers 1, or 0 when his address has as many viewers there as it may.
-- KEYS: present (sorted set: name by the time he is gone), ever (see count_viewers.lua), names from this address, or
-- the same as `present` for somebody who is signed in.
-- ARGV: name, its 64-bit hash, shard of the hash, now, when he is gone without a heartbeat, seconds to keep who ever
-- watched, names an address may have, seconds until it may have another, names that are remembered exactly, shards.
local present, ever, from = KEYS[1], KEYS[2], KEYS[3]
local name, hash, shard, now, gone_at = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local keep, names_max, names_seconds = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local exact_max, shards = tonumber(ARGV[9]), tonumber(ARGV[10])

if from ~= present then
  redis.call('ZREMRANGEBYSCORE', from, '-inf', now - names_seconds)
  if not redis.call('ZSCORE', from, name) and redis.call('ZCARD', from) >= names_max then return 0 end
  redis.call('ZADD', from, now, name)
  redis.call('EXPIRE', from, names_seconds)
end
redis.call('ZADD', present, gone_at, name)
redis.call('EXPIRE', present, math.ceil(tonumber(gone_at) - now) + 60)

local kind = redis.call('TYPE', ever).ok
if kind == 'string' then
  redis.call('PFADD', ever .. ':' .. shard, hash)
elseif redis.call('SADD', ever, hash) == 1 and redis.call('SCARD', ever) > exact_max then
  for _, known in ipairs(redis.call('SMEMBERS', ever)) do
    -- The shard is the hash's last digits, as streaming/audience/viewers.py makes it.
    local key = ever .. ':' .. (tonumber(string.sub(known, -6)) % shards)
    redis.call('PFADD', key, known)
    redis.call('EXPIRE', key, keep)
  end
  redis.call('SET', ever, 'counted in shards')
end
redis.call('EXPIRE', ever, keep)
if kind == 'string' then redis.call('EXPIRE', ever .. ':' .. shard, keep) end
return 1
