-- A moderator's act: what it changes for the publish script and the event that tells the room, at once. Whoever hears
-- that it is done can rely on it that nothing is said against it any more.
-- KEYS  1 sequence  2 history  3 log  4 feed (Pub/Sub name)  5 bans  6 policy's version  7 board
-- ARGV  1 JSON before the seq ('' = nothing to tell)  2 JSON after it  3 room TTL s  4 history length  5 log length
--       6 user id ('' = nobody's ban changes)  7 until when ms (0 = for ever, '' = lifted)
--       8 the policy's new version ('' = unchanged)
--       9 field of the board ('' = unchanged)  10 what it becomes ('' = nothing)
-- Answers the event's seq, '' when there is none.

if ARGV[6] ~= '' then
    if ARGV[7] == '' then
        redis.call('HDEL', KEYS[5], ARGV[6])
    else
        redis.call('HSET', KEYS[5], ARGV[6], ARGV[7])
    end
    -- Whoever is loading the bans from the database right now may have read them before this act.
    redis.call('HINCRBY', KEYS[5], 'changes', 1)
    redis.call('EXPIRE', KEYS[5], ARGV[3])
end
if ARGV[8] ~= '' then redis.call('SET', KEYS[6], ARGV[8], 'EX', ARGV[3]) end
if ARGV[9] ~= '' then
    redis.call('HDEL', KEYS[7], ARGV[9])
    if ARGV[9] == 'poll' then redis.call('HDEL', KEYS[7], 'votes') end
    if ARGV[10] ~= '' then redis.call('HSET', KEYS[7], ARGV[9], ARGV[10]) end
    redis.call('EXPIRE', KEYS[7], ARGV[3])
end
if ARGV[1] == '' then return '' end
return append(KEYS, ARGV[1], ARGV[2], clock_ms(), tonumber(ARGV[3]), ARGV[4], ARGV[5])
