-- A worker at a job: is it still its own, and does anybody want it stopped? The lease is renewed when a third of it has passed.
local id, token, lease_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])
local known = redis.call('HMGET', job_key(id), 'state', 'token', 'cancel')
if not known[1] then return 'gone' end
if known[1] ~= 'waiting' and known[1] ~= 'running' then return known[2] == token and 'settled' or 'ended' end
if known[2] ~= token then return 'lost' end
if known[3] then return known[3] end
if redis.call('PTTL', lease_key(id)) < lease_ms * 2 / 3 then redis.call('SET', lease_key(id), token, 'PX', lease_ms) end
return 'yours'
