-- The only way a viewer's message enters a room: everything about it happens here at once, on the room's shard.
-- KEYS  1 sequence  2 history  3 log  4 feed (Pub/Sub name)  5 nonce  6 user's times  7 room's counter  8 bans
--       9 policy's version  10 user's last time in slow mode  11 what was said lately
-- ARGV  1 JSON before the seq  2 JSON after it  3 id
--       4 user count  5 user window ms  6 room count per second
--       7 nonce TTL s (0 = no nonce)  8 room TTL s  9 history length  10 log length
--       11 user id  12 version of the policy that allowed it  13 slow mode ms  14 unique TTL s (0 = may be repeated)
-- Answers {'said', id, seq}, {'unloaded'} when Redis does not know the room's bans, {'stale'} when the policy is newer,
-- {'banned'}, {'warned'}, or {'timeout' | 'slow' | 'unique_chat' | 'rate_user' | 'rate_room', ms until it may be tried again}.

local nonce_ttl = tonumber(ARGV[7])
if nonce_ttl > 0 then
    local before = redis.call('GET', KEYS[5])
    if before then  -- a retry: the same answer, and no second message
        local id, seq = string.match(before, '^(%S+) (%d+)$')
        return {'said', id, seq}
    end
end

local now = clock_ms()

-- Bans are a hash of user id to until when (ms, 0 = for ever, -1 = until he acknowledges a warning); its field
-- `loaded` says that it is complete.
local ban = redis.call('HMGET', KEYS[8], 'loaded', ARGV[11])
if not ban[1] then return {'unloaded'} end
if ban[2] then
    local left = tonumber(ban[2]) - now
    if ban[2] == '0' then return {'banned'} end
    if ban[2] == '-1' then return {'warned'} end
    if left > 0 then return {'timeout', tostring(left)} end
    redis.call('HDEL', KEYS[8], ARGV[11])
end
if tonumber(redis.call('GET', KEYS[9]) or 0) > tonumber(ARGV[12]) then return {'stale'} end

local slow = tonumber(ARGV[13])
local spoke = slow > 0 and redis.call('GET', KEYS[10])
if spoke and spoke + slow > now then
    return {'slow', tostring(spoke + slow - now)}
end
local unique_ttl = tonumber(ARGV[14])
if unique_ttl > 0 and redis.call('EXISTS', KEYS[11]) == 1 then
    return {'unique_chat', tostring(redis.call('PTTL', KEYS[11]))}
end

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
if slow > 0 then redis.call('SET', KEYS[10], now, 'PX', slow) end
if unique_ttl > 0 then redis.call('SET', KEYS[11], '1', 'EX', unique_ttl) end

local number = append(KEYS, ARGV[1], ARGV[2], now, tonumber(ARGV[8]), ARGV[9], ARGV[10])
if nonce_ttl > 0 then
    redis.call('SET', KEYS[5], ARGV[3] .. ' ' .. number, 'EX', nonce_ttl)
end
return {'said', ARGV[3], number}
