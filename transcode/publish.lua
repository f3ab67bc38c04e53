-- Makes a batch of changes of one broadcast visible at once: bytes, then the windows that list them, then the news.
-- KEYS: writer, windows, one per object, the list of one rendition's past per entry.
-- ARGV: our name, time to live of state in seconds, channel, news, number of objects, number of entries, how many
--       entries a past may hold, its time to live, then a time to live and the bytes of each object, then the entries,
--       then a rendition and its window for each.
-- Returns 1; 2 when there was no writer, so that Redis was lost; 0 without having done anything when another worker is
-- the writer.
local writer = redis.call('GET', KEYS[1])
if writer and writer ~= ARGV[1] then return 0 end
if not writer then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
local objects, entries = tonumber(ARGV[5]), tonumber(ARGV[6])
for number = 1, objects do
  redis.call('SET', KEYS[2 + number], ARGV[8 + 2 * number], 'EX', ARGV[7 + 2 * number])
end
for number = 1, entries do
  local past = KEYS[2 + objects + number]
  redis.call('RPUSH', past, ARGV[8 + 2 * objects + number])
  redis.call('LTRIM', past, -tonumber(ARGV[7]), -1)
  redis.call('EXPIRE', past, ARGV[8])
end
for at = 9 + 2 * objects + entries, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return writer and 1 or 2
