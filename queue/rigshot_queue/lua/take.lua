-- Whether this delivery may be handed out: not when it was sent, and not while another process is sending it.
-- ARGV: platform, group, entry, job, token, milliseconds for which the taker answers
local platform, group, entry, id, token, ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local delivery = redis.call('HGET', job_key(id), 'delivery')
if redis.call('EXISTS', job_key(id)) == 0 or (delivery and delivery ~= '' and delivery ~= 'sending') then
  redis.call('XACK', 'rigshot:deliveries:' .. platform, group, entry)
  return 'over'
end
if not redis.call('SET', 'rigshot:sending:' .. id, token, 'NX', 'PX', ms) then return 'taken' end
redis.call('HSET', job_key(id), 'delivery', 'sending')
return delivery == 'sending' and 'again' or 'first'
