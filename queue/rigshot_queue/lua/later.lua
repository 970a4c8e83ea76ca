-- A delivery that failed for now: nobody may take it for so many milliseconds. ARGV: job, milliseconds
redis.call('SET', 'rigshot:sending:' .. ARGV[1], 'later', 'PX', ARGV[2])
if redis.call('EXISTS', job_key(ARGV[1])) == 1 then redis.call('HSET', job_key(ARGV[1]), 'delivery', '') end
return 1
