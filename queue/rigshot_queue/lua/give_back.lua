-- A worker hands its job back; it keeps its place, and arq takes the lease away. `counts`: the start was one of the few that a job has.
local id, token, counts = ARGV[1], ARGV[2], ARGV[3] == '1'
if redis.call('HGET', job_key(id), 'token') ~= token then return 0 end
if not counts then redis.call('HINCRBY', job_key(id), 'attempt', -1) end
redis.call('HSET', job_key(id), 'state', 'waiting', 'fraction', '0', 'stage_fraction', '0')
redis.call('HDEL', job_key(id), 'token', 'stage')
redis.call('SREM', RUNNING, id)
tell(id)
return 1
