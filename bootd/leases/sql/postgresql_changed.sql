-- The leases of the addresses in array $1.
SELECT host(l.address), text(l.subnet), l.machine, l.duid, l.state, l.iaid,
	CASE WHEN isfinite(l.since)
		THEN greatest(0, floor(extract(epoch FROM clock_timestamp() - l.since)))::bigint
		ELSE 0 END,
	CASE WHEN isfinite(l.expires)
		THEN floor(extract(epoch FROM l.expires - clock_timestamp()))::bigint
		ELSE 4294967295 END
FROM netboot6.lease l
WHERE l.address = ANY($1::inet[]) AND l.expires > clock_timestamp()
