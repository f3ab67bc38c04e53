-- Tells the room a poll's votes, at most once in so many ms. Prepended to vote.lua and tell_votes.lua.
-- KEYS  1 poll  2 voters  3 feed (Pub/Sub name)  4 board
-- ARGV  1 poll id  2 ms between two tellings

local function clock_ms()
    local clock = redis.call('TIME')
    return clock[1] * 1000 + math.floor(clock[2] / 1000)
end

local function tell(now)
    local state = redis.call('HMGET', KEYS[1], 'untold', 'told_at', 'choices')
    if state[1] ~= '1' or (tonumber(state[2]) or 0) + tonumber(ARGV[2]) > now then return 0 end
    local votes = {}
    for choice = 1, tonumber(state[3]) do
        votes[choice] = redis.call('HGET', KEYS[1], tostring(choice)) or '0'
    end
    local numbers = '[' .. table.concat(votes, ',') .. ']'
    redis.call('HSET', KEYS[1], 'untold', '0', 'told_at', now)
    redis.call('HSET', KEYS[4], 'votes', numbers)
    redis.call(PUBLISH, KEYS[3], '0:{"type":"poll_progress","id":' .. ARGV[1] .. ',"votes":' .. numbers .. '}')
    return 1
end
