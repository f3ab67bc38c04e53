-- Gives Redis the room's bans as the database has them, unless they changed since they were read.
-- KEYS  1 bans. ARGV  1 `changes` as it was before reading ('' = none)  2 TTL s, then user id and until when for each.
-- Answers 1, or 0 when they have to be read again.

if (redis.call('HGET', KEYS[1], 'changes') or '') ~= ARGV[1] then return 0 end
for at = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
redis.call('HSET', KEYS[1], 'loaded', '1')
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
