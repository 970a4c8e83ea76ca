-- A worker takes the job that arq handed to it. Its token in the record is the fence: whoever claims later shuts earlier ones out.
local id, token, lease_ms, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local known = redis.call('HMGET', job_key(id), 'state', 'attempt', 'cancel', 'token')
if known[1] ~= 'waiting' and known[1] ~= 'running' then return {'over'} end
local turn = redis.call('ZSCORE', QUEUE, id)
local served = tonumber(redis.call('HGET', CLOCK, 'served') or '1')
if turn and tonumber(turn) > served then redis.call('HSET', CLOCK, 'served', turn) end
redis.call('SET', lease_key(id), token, 'PX', lease_ms)
redis.call('HSET', job_key(id), 'state', 'running', 'token', token)
redis.call('SADD', RUNNING, id)
if known[3] then return {'cancel', known[3]} end
local attempt = tonumber(known[2] or '0') + (known[4] == token and 0 or 1) -- asked twice, counted once
if attempt > most then return {'lost'} end
redis.call('HSET', job_key(id), 'attempt', attempt, 'fraction', '0', 'stage_fraction', '0')
redis.call('HSETNX', job_key(id), 'started', stamp(now()))
tell(id)
return {'yours', attempt}
