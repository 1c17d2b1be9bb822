-- Changes of leases in order of `change`; the last change of an address counts. Times are Unix
-- times. The view `lease` is for people to read.
CREATE TABLE lease_change (
	change INTEGER PRIMARY KEY,
	address TEXT NOT NULL,
	subnet TEXT NOT NULL,
	machine TEXT NOT NULL, -- its MAC, or its DUID if the MAC is not known
	duid TEXT NOT NULL,
	iaid INTEGER NOT NULL,
	state TEXT NOT NULL,
	since INTEGER NOT NULL,
	expires INTEGER NOT NULL);
CREATE VIEW lease AS
	SELECT address, subnet, machine, duid, iaid, state,
		datetime(since, 'unixepoch') AS since, datetime(expires, 'unixepoch') AS expires
	FROM (SELECT max(change), * FROM lease_change GROUP BY address)
	WHERE state <> 'removed';
