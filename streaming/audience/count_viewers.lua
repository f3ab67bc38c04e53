-- How many watch each broadcast. Answers a flat list of two numbers each: who watches now, and who ever did, or -1 where
-- that was counted lately.
--
-- `ever` is a set of 64-bit hashes for as long as it is small, hence exact. Then it is a word, and the hashes are in
-- `shards` HyperLogLogs, each for those of one shard: what they estimate is added up. One of Redis' has a standard error
-- of 0.81 %, the sum of 16 a quarter of that, as one with 16 times as many registers would have.
-- ARGV: now, seconds between two counts of who ever did (0: count them now), shards, prefix of the keys of who is
-- present, of who ever was, of the notes that the latter were counted; then the ids of the broadcasts.
local now, seconds, shards = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local answer = {}
for at = 7, #ARGV do
  local present, ever, counted = ARGV[4] .. ARGV[at], ARGV[5] .. ARGV[at], ARGV[6] .. ARGV[at]
  redis.call('ZREMRANGEBYSCORE', present, '-inf', now)
  answer[#answer + 1] = redis.call('ZCARD', present)
  local total = -1
  if seconds == 0 or redis.call('SET', counted, '1', 'NX', 'EX', seconds) then
    local kind = redis.call('TYPE', ever).ok
    total = 0
    if kind == 'set' then
      total = redis.call('SCARD', ever)
    elseif kind == 'string' then
      for number = 0, shards - 1 do total = total + redis.call('PFCOUNT', ever .. ':' .. number) end
    end
  end
  answer[#answer + 1] = total
end
return answer
