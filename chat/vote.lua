-- One vote. Everyone has one, and none once the poll is over: both are decided here, whichever process he votes through.
-- KEYS  as in votes.lua, 5 bans
-- ARGV  as in votes.lua, 3 choice from 1  4 user id
-- Answers 'voted', or why not: 'over', 'banned', 'choice', 'twice'.

local now = clock_ms()
local poll = redis.call('HMGET', KEYS[1], 'ends_at', 'choices')
if not poll[1] or tonumber(poll[1]) <= now then return 'over' end
if tonumber(ARGV[3]) < 1 or tonumber(ARGV[3]) > tonumber(poll[2]) then return 'choice' end
local ban = redis.call('HGET', KEYS[5], ARGV[4])
if ban and (ban == '0' or tonumber(ban) > now) then return 'banned' end
if redis.call('SADD', KEYS[2], ARGV[4]) == 0 then return 'twice' end
redis.call('EXPIRE', KEYS[2], redis.call('TTL', KEYS[1]))
redis.call('HINCRBY', KEYS[1], ARGV[3], 1)
redis.call('HSET', KEYS[1], 'untold', '1')
tell(now)
return 'voted'
