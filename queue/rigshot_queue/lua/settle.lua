-- The end of a job, by the worker whose token it bears; a person who cancelled meanwhile has the last word.
-- ARGV: id, token, state, number of history words, history (stage, mean, ...), fields (name, value, ...)
local id, token, state, words = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local known = redis.call('HMGET', job_key(id), 'state', 'token', 'cancel')
if not known[1] then return 'gone' end
if known[1] ~= 'waiting' and known[1] ~= 'running' then -- perhaps by this very worker, whose line broke before it heard of it
  return known[1] == state and known[2] == token and 'settled' or 'over'
end
if known[2] ~= token then return 'lost' end
if known[3] and state ~= 'cancelled' then return known[3] end
for place = 5, 4 + words, 2 do redis.call('HSET', HISTORY, ARGV[place], ARGV[place + 1]) end
write(id, {unpack(ARGV, 5 + words)})
finish(id, state, not (state == 'cancelled' and known[3] == 'person'), true)
return 'settled'
