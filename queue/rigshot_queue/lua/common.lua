-- What every script begins with: names of keys, the clock, and the one way in which a job ends.
local QUEUE, OPEN, RUNNING, ENDED = 'rigshot:queue', 'rigshot:open', 'rigshot:running', 'rigshot:ended'
local CLOCK, HISTORY, WORKERS = 'rigshot:clock', 'rigshot:history', 'rigshot:workers'
local LONGEST_STREAM = 10000 -- deliveries; a bot that was away longer than so many will not be missed

local function job_key(id) return 'rigshot:job:' .. id end
local function person_key(person, what) return 'rigshot:person:' .. person .. ':' .. what end
local function lease_key(id) return 'arq:in-progress:' .. id end
local function call_key(id) return 'arq:job:' .. id end
local function tries_key(id) return 'arq:retry:' .. id end

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end

local function stamp(seconds) return string.format('%.6f', seconds) end

local function tell(id) redis.call('PUBLISH', 'rigshot:changed:' .. id, '') end

local function write(id, pairs_)
  if #pairs_ > 0 then redis.call('HSET', job_key(id), unpack(pairs_)) end
end

local function leave_queue(id)
  redis.call('ZREM', QUEUE, id)
  redis.call('DEL', call_key(id), tries_key(id))
end

-- The record's last change of state. With `deliver` the bot of its platform hears of it, by the same transaction.
local function finish(id, state, deliver, by_worker)
  local known = redis.call('HMGET', job_key(id), 'person', 'platform')
  local time = now()
  redis.call('HSET', job_key(id), 'state', state, 'ended', stamp(time))
  redis.call('HDEL', job_key(id), 'cancel')
  if not by_worker then redis.call('HDEL', job_key(id), 'token') end -- a worker that still is at it sees by this that it lost it
  redis.call('SREM', OPEN, id)
  redis.call('SREM', RUNNING, id)
  redis.call('SREM', person_key(known[1], 'active'), id)
  redis.call('ZADD', ENDED, time, id)
  leave_queue(id)
  if deliver then
    local entry = redis.call('XADD', 'rigshot:deliveries:' .. known[2], 'MAXLEN', '~', LONGEST_STREAM, '*', 'job', id)
    redis.call('HSET', job_key(id), 'entry', entry)
  end
  tell(id)
end

-- A waiting job that leaves gives its turn back, unless a later one of the same person stands behind it.
local function give_turn_back(id)
  local turn = redis.call('ZSCORE', QUEUE, id)
  local person = redis.call('HGET', job_key(id), 'person')
  local last = redis.call('GET', person_key(person, 'turn'))
  if turn and last and tonumber(turn) == tonumber(last) then
    redis.call('SET', person_key(person, 'turn'), tonumber(last) - 1, 'KEEPTTL')
  end
end
