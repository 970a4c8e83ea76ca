-- Where a job stands. Its rank in arq's queue counts those at work, which stay in it: they are taken off.
-- A job whose worker has died is marked running but has no lease: it waits, first of all.
local id = ARGV[1]
local state = redis.call('HGET', job_key(id), 'state')
if state ~= 'waiting' and state ~= 'running' then return false end
local rank = redis.call('ZRANK', QUEUE, id)
local ahead, mine, atwork, working = rank or 0, false, {}, 0
for _, other in ipairs(redis.call('SMEMBERS', RUNNING)) do
  if redis.call('EXISTS', lease_key(other)) == 1 then
    working = working + 1
    local known = redis.call('HMGET', job_key(other), 'started', 'fraction')
    table.insert(atwork, {other, known[1] or '0', known[2] or '0'})
    local place = redis.call('ZRANK', QUEUE, other)
    if place and rank and place < rank then ahead = ahead - 1 end
    if other == id then mine = true end
  end
end
local time = now()
return {mine and 0 or ahead + 1, redis.call('SCARD', OPEN) - working, redis.call('ZCOUNT', WORKERS, time, '+inf'), stamp(time), atwork,
  redis.call('HGETALL', HISTORY)}
