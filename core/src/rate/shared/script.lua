-- GCRA on one key. Integers all through: times in microseconds, under 2^53, so that Lua's doubles hold them exactly.
-- ARGV: microseconds a unit takes to flow back; microseconds of debt allowed; units needed; units wanted.
-- Answers units taken (0: denied), units left, microseconds until the bucket is full, microseconds until it may be
-- asked again. A denial writes nothing.
local interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local cost, want = tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local tat = redis.pcall('GET', KEYS[1])
if type(tat) == 'table' then return tat end
if not tat then
  tat = now
elseif #tat <= 16 and string.match(tat, '^%d+$') and tonumber(tat) <= now + 1125899906842624 then
  tat = tonumber(tat)
else
  return redis.error_reply('DOORWARD what is at this key is no bucket')
end
local debt = math.max(tat - now, 0)
local room = math.max(math.floor((tolerance - debt) / interval), 0)
local take = math.min(room, want)
if take < cost then
  return {0, room, debt, debt + cost * interval - tolerance}
end
if take > 0 then
  debt = debt + take * interval
  redis.call('SET', KEYS[1], string.format('%.0f', now + debt), 'PXAT', string.format('%.0f', math.ceil((now + debt) / 1000)))
end
return {take, room - take, debt, 0}
