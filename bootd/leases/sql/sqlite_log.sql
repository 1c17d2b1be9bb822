-- The statements of sqlite_log.c, in the order of its enum.
BEGIN IMMEDIATE;
-- rows from a change on
SELECT change, address, state FROM lease_change WHERE change >= ? ORDER BY change;
-- put
INSERT INTO lease_change
	(change, address, subnet, machine, duid, iaid, state, since, expires)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);
-- the oldest rows
SELECT change, address, expires FROM lease_change WHERE change >= ? ORDER BY change LIMIT ?;
-- copy a row to the end
INSERT INTO lease_change
	SELECT ?, address, subnet, machine, duid, iaid, state, since, expires
	FROM lease_change WHERE change = ?;
-- delete the oldest rows
DELETE FROM lease_change WHERE change <= ?;
COMMIT;
