-- Makes a batch of changes of one broadcast visible at once: bytes, then the windows that list them, then the news.
-- KEYS: writer, windows, one per object.
-- ARGV: our name, time to live of state in seconds, channel, news, number of objects, then a time to live and the
--       bytes of each object, then a rendition and its window for each.
-- Returns 1, or 0 without having done anything when another worker is the writer.
local writer = redis.call('GET', KEYS[1])
if writer and writer ~= ARGV[1] then return 0 end
if not writer then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end  -- a Redis that was lost has none
local objects = tonumber(ARGV[5])
for number = 1, objects do
  redis.call('SET', KEYS[2 + number], ARGV[5 + 2 * number], 'EX', ARGV[4 + 2 * number])
end
for at = 6 + 2 * objects, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
