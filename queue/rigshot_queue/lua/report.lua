-- Fields of the record (name, value, ...) from the worker whose token it bears.
local id, token = ARGV[1], ARGV[2]
if redis.call('HGET', job_key(id), 'token') ~= token then return 0 end
write(id, {unpack(ARGV, 3)})
tell(id)
return 1
