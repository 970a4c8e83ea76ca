-- What waits is gone at once; what runs is flagged for its worker, which looks several times a second. `deliver`: the bot is told.
local id, deliver = ARGV[1], ARGV[2] == '1'
local state = redis.call('HGET', job_key(id), 'state')
if state == 'running' and redis.call('EXISTS', lease_key(id)) == 1 then
  redis.call('HSET', job_key(id), 'cancel', deliver and 'stopped' or 'person')
  return 'running'
end
if state == 'waiting' or state == 'running' then -- or its worker is dead, and nobody would look
  give_turn_back(id)
  if deliver then write(id, {unpack(ARGV, 3)}) end
  finish(id, 'cancelled', deliver)
  return 'cancelled'
end
return 'over'
