-- Every trace of a job. A worker that is at it sees that the record is gone and stops.
local id = ARGV[1]
local known = redis.call('HMGET', job_key(id), 'person', 'platform', 'key', 'entry', 'state')
if not known[1] then return false end
if known[5] == 'waiting' then give_turn_back(id) end
leave_queue(id)
for _, key in ipairs({OPEN, RUNNING, person_key(known[1], 'active')}) do redis.call('SREM', key, id) end
for _, key in ipairs({ENDED, person_key(known[1], 'jobs')}) do redis.call('ZREM', key, id) end
if known[3] and known[3] ~= '' then redis.call('DEL', 'rigshot:key:' .. known[2] .. ':' .. known[3]) end
if known[4] then
  local stream = 'rigshot:deliveries:' .. known[2]
  redis.pcall('XACK', stream, 'bots', known[4]) -- there may be no group yet
  redis.call('XDEL', stream, known[4])
end
redis.call('DEL', job_key(id), 'rigshot:sending:' .. id)
tell(id)
return 1
