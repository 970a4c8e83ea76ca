-- Jobs that nobody will ever end: open, but not in arq's queue and without a lease; or waiting since before `oldest`.
-- ARGV: oldest, fields of the slipped (JSON array of name, value, ...), fields of the expired
local oldest = tonumber(ARGV[1])
local slipped, expired = cjson.decode(ARGV[2]), cjson.decode(ARGV[3])
local found = {}
for _, id in ipairs(redis.call('SMEMBERS', OPEN)) do
  local known = redis.call('HMGET', job_key(id), 'state', 'created')
  local held = redis.call('EXISTS', lease_key(id)) == 1
  if not known[1] then
    redis.call('SREM', OPEN, id)
    redis.call('SREM', RUNNING, id)
  elseif not held and not (redis.call('ZSCORE', QUEUE, id) and redis.call('EXISTS', call_key(id)) == 1) then
    write(id, slipped)
    finish(id, 'failed', true)
    table.insert(found, id)
  elseif not held and tonumber(known[2]) < oldest then
    write(id, expired)
    finish(id, 'expired', true)
    table.insert(found, id)
  end
end
return found
