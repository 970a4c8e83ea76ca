-- The delivery's end: `sent`, or why it cannot be. ARGV: platform, group, entry, job, what
redis.call('XACK', 'rigshot:deliveries:' .. ARGV[1], ARGV[2], ARGV[3])
if redis.call('EXISTS', job_key(ARGV[4])) == 1 then redis.call('HSET', job_key(ARGV[4]), 'delivery', ARGV[5]) end
redis.call('DEL', 'rigshot:sending:' .. ARGV[4])
return 1
