-- A new job: the limits, its turn, its record and its place in arq's queue, all or nothing.
-- A turn is a round of the line: everybody's first photo, then everybody's second (start-time fair queueing, each job one round).
-- Turns are small numbers, so that arq, which takes a score for a time, finds all of them in the past.
local id, person, platform, key, call = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local most_active, most_day, most_waiting = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local call_ms, key_seconds = ARGV[9], ARGV[10]
local DAY = 86400

if redis.call('EXISTS', job_key(id)) == 1 then return {'same', id} end
local name = 'rigshot:key:' .. platform .. ':' .. key
if key ~= '' then
  local earlier = redis.call('GET', name)
  if earlier and redis.call('EXISTS', job_key(earlier)) == 1 then return {'same', earlier} end
end

local time = now()
local active, day, last = person_key(person, 'active'), person_key(person, 'day'), person_key(person, 'turn')
for _, other in ipairs(redis.call('SMEMBERS', active)) do
  if redis.call('SISMEMBER', OPEN, other) == 0 then redis.call('SREM', active, other) end
end
if redis.call('SCARD', active) >= most_active then return {'active_limit', most_active} end
redis.call('ZREMRANGEBYSCORE', day, '-inf', time - DAY)
if redis.call('ZCARD', day) >= most_day then
  local oldest = redis.call('ZRANGE', day, 0, 0, 'WITHSCORES')
  return {'day_limit', most_day, math.ceil((tonumber(oldest[2]) + DAY - time) / 3600)}
end
local waiting = redis.call('SCARD', OPEN) - redis.call('SCARD', RUNNING)
if waiting >= most_waiting then return {'queue_full', waiting} end

local served = tonumber(redis.call('HGET', CLOCK, 'served') or '1')
local latest = tonumber(redis.call('HGET', CLOCK, 'latest') or '1')
if redis.call('ZCARD', QUEUE) == 0 and latest >= served then -- nobody is left whom a newcomer could overtake
  served = latest + 1
  redis.call('HSET', CLOCK, 'served', served)
end
local turn = math.max(served, tonumber(redis.call('GET', last) or '0') + 1)
redis.call('SET', last, turn, 'EX', DAY)
redis.call('HSET', CLOCK, 'latest', math.max(latest, turn))

redis.call('HSET', job_key(id), 'id', id, 'person', person, 'platform', platform, 'key', key, 'state', 'waiting', 'created', stamp(time),
  unpack(ARGV, 11))
redis.call('SADD', OPEN, id)
redis.call('SADD', active, id)
redis.call('ZADD', day, time, id)
redis.call('EXPIRE', day, DAY)
redis.call('ZADD', person_key(person, 'jobs'), time, id)
if key ~= '' then redis.call('SET', name, id, 'EX', key_seconds) end
redis.call('PSETEX', call_key(id), call_ms, call)
redis.call('ZADD', QUEUE, turn, id)
return {'new', id}
