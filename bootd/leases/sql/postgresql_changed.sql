-- The leases of the addresses in array $1.
SELECT host(l.address), text(l.subnet), l.machine, l.duid, l.state, l.iaid,
	greatest(0, floor(extract(epoch FROM clock_timestamp() - l.since)))::bigint,
	floor(extract(epoch FROM l.expires - clock_timestamp()))::bigint
FROM netboot6.lease l
WHERE l.address = ANY($1::inet[]) AND l.expires > clock_timestamp()
