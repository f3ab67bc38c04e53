-- Gives one event its place in a room: sequence, history, log, publication. Prepended to the scripts that write.
-- PUBLISH: the command that does it, given by chat/scripts.py.
-- keys: sequence, history, log, feed. head and tail: the JSON before and after the seq. Answers the seq as text.
local function append(keys, head, tail, now, room_ttl, history_length, log_length)
    -- A room that Redis does not know (any more) starts at the clock's milliseconds: the sequence never runs
    -- backwards, not even after Redis lost everything, so readers can rely on "greater is later".
    local seq
    if redis.call('EXISTS', keys[1]) == 1 then
        seq = redis.call('INCR', keys[1])
    else
        seq = now
        redis.call('SET', keys[1], string.format('%d', seq))
    end
    local number = string.format('%d', seq)
    local entry = head .. number .. tail
    redis.call('XADD', keys[2], 'MAXLEN', '~', history_length, number .. '-0', 'e', entry)
    redis.call('XADD', keys[3], 'MAXLEN', '~', log_length, number .. '-0', 'e', entry)
    for at = 1, 3 do redis.call('EXPIRE', keys[at], room_ttl) end
    redis.call(PUBLISH, keys[4], number .. ':' .. entry)
    return number
end

local function clock_ms()
    local clock = redis.call('TIME')
    return clock[1] * 1000 + math.floor(clock[2] / 1000)
end
