-- Version 1 had one row per lease, in a table that is now named lease_1.
INSERT INTO lease_change (address, subnet, machine, duid, iaid, state, since, expires)
	SELECT address, subnet, machine, duid, iaid, state, CAST(strftime('%s', since) AS INTEGER),
		CAST(strftime('%s', expires) AS INTEGER)
	FROM lease_1 ORDER BY since;
DROP TABLE lease_1;
