-- The only writer to a room: everything about one event happens here at once, on the room's shard.
-- KEYS  1 sequence  2 history  3 log  4 feed (Pub/Sub name)  5 nonce  6 user's times  7 room's counter
-- ARGV  1 JSON before the seq  2 JSON after it  3 id
--       4 user count  5 user window ms  6 room count per second
--       7 nonce TTL s (0 = no nonce)  8 room TTL s  9 history length  10 log length
-- Answers {'said', id, seq} or {'rate_user' | 'rate_room', ms until it may be tried again}.

local nonce_ttl = tonumber(ARGV[7])
if nonce_ttl > 0 then
    local before = redis.call('GET', KEYS[5])
    if before then  -- a retry: the same answer, and no second message
        local id, seq = string.match(before, '^(%S+) (%d+)$')
        return {'said', id, seq}
    end
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local user_count, user_window = tonumber(ARGV[4]), tonumber(ARGV[5])

local oldest = redis.call('LINDEX', KEYS[6], user_count - 1)
if oldest and now - oldest < user_window then
    return {'rate_user', tostring(user_window - (now - oldest))}
end
local in_this_second = redis.call('INCR', KEYS[7])
if in_this_second == 1 then
    redis.call('PEXPIRE', KEYS[7], 1000)
elseif in_this_second > tonumber(ARGV[6]) then
    return {'rate_room', tostring(redis.call('PTTL', KEYS[7]))}
end
redis.call('LPUSH', KEYS[6], now)
redis.call('LTRIM', KEYS[6], 0, user_count - 1)
redis.call('PEXPIRE', KEYS[6], user_window)

-- A room that Redis does not know (any more) starts at the clock's milliseconds: the sequence never runs backwards,
-- not even after Redis lost everything, so readers can rely on "greater is later".
local seq
if redis.call('EXISTS', KEYS[1]) == 1 then
    seq = redis.call('INCR', KEYS[1])
else
    seq = now
    redis.call('SET', KEYS[1], string.format('%d', seq))
end
local number = string.format('%d', seq)
local entry = ARGV[1] .. number .. ARGV[2]
local room_ttl = tonumber(ARGV[8])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[9], number .. '-0', 'e', entry)
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[10], number .. '-0', 'e', entry)
redis.call('EXPIRE', KEYS[1], room_ttl)
redis.call('EXPIRE', KEYS[2], room_ttl)
redis.call('EXPIRE', KEYS[3], room_ttl)
if nonce_ttl > 0 then
    redis.call('SET', KEYS[5], ARGV[3] .. ' ' .. number, 'EX', nonce_ttl)
end
redis.call('PUBLISH', KEYS[4], number .. ':' .. entry)
return {'said', ARGV[3], number}
