-- Creates what does not exist. The tables are for people to read:
--
--	version   one row: the number of this schema
--	lease     one row per address; a machine has one per subnet, declined ones aside
--
-- 6858254 is the advisory lock of netboot6 in this database.
DO $do$ BEGIN
PERFORM pg_advisory_xact_lock(6858254);
IF to_regnamespace('netboot6') IS NULL THEN
	CREATE SCHEMA netboot6;
END IF;
IF to_regclass('netboot6.version') IS NULL THEN

CREATE TABLE netboot6.version (schema integer NOT NULL);
INSERT INTO netboot6.version VALUES (1);

CREATE TABLE netboot6.lease (
	address inet PRIMARY KEY,
	subnet cidr NOT NULL,
	machine text NOT NULL,
	duid text NOT NULL,
	iaid bigint NOT NULL,
	state text NOT NULL CHECK (state IN ('bound', 'released', 'declined')),
	since timestamptz NOT NULL,
	expires timestamptz NOT NULL,
	server text NOT NULL);
CREATE UNIQUE INDEX lease_of_machine ON netboot6.lease (subnet, machine) WHERE state <> 'declined';
COMMENT ON COLUMN netboot6.lease.machine IS
	'its MAC address, or its DUID if the MAC is not known';
COMMENT ON COLUMN netboot6.lease.server IS 'which server wrote it last';

-- Each change is a notification "netboot6_lease" with the address.
CREATE FUNCTION netboot6.tell() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
	IF TG_OP = 'DELETE' THEN
		PERFORM pg_notify('netboot6_lease', host(OLD.address));
	ELSE
		PERFORM pg_notify('netboot6_lease', host(NEW.address));
	END IF;
	RETURN NULL;
END $f$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON netboot6.lease
	FOR EACH ROW EXECUTE FUNCTION netboot6.tell();

END IF;

-- Stores a batch of puts and removals; returns the puts that are refused, with the lease that
-- conflicts. A row of this machine is changed, an expired row is replaced, every other row
-- stays. A declined address conflicts with its own machine, too. Times are seconds from now by
-- the clock of the database; a row that an operator has written may last until infinity.
--
-- Transactions of several servers run side by side. The unique constraints decide who was first:
-- the second waits for the first to end, then sees its row. Two transactions may wait for each
-- other; the time limit ends that, and the row is refused, so its server tries again. The function
-- store() of older servers lets one transaction after the other in; both keep the same rules.
IF to_regproc('netboot6.put') IS NULL AND (SELECT schema FROM netboot6.version) = 1 THEN
CREATE FUNCTION netboot6.put(addresses inet[], subnets cidr[], machines text[], duids text[],
	states text[], iaids bigint[], ages bigint[], lefts bigint[])
RETURNS TABLE (r_address text, r_subnet text, r_machine text, r_duid text, r_state text,
	r_iaid bigint, r_age bigint, r_left bigint, r_number integer)
LANGUAGE plpgsql SET lock_timeout = '200ms' AS $f$
DECLARE
	i integer;
	is_stored boolean;
BEGIN
-- removals first, because a machine's next lease may depend on them; then in order of the address,
-- so that servers that store the same rows do so in the same order
FOR i IN SELECT n FROM generate_subscripts(addresses, 1) AS n 
		ORDER BY states[n] <> 'removed', addresses[n], n LOOP
	is_stored := false;
	BEGIN
		IF states[i] = 'removed' THEN
			DELETE FROM netboot6.lease l
				WHERE l.address = addresses[i] AND l.machine = machines[i];
			CONTINUE;
		END IF;
		DELETE FROM netboot6.lease l
			WHERE l.subnet = subnets[i] AND l.machine = machines[i]
				AND l.state <> 'declined' AND l.address <> addresses[i]
				AND l.expires <= clock_timestamp();
		INSERT INTO netboot6.lease AS l
			(address, subnet, machine, duid, state, iaid, since, expires, server)
			SELECT addresses[i], subnets[i], machines[i], duids[i], states[i], iaids[i],
				clock_timestamp() - make_interval(secs => ages[i]),
				clock_timestamp() + make_interval(secs => lefts[i]),
				current_setting('application_name')
			WHERE states[i] = 'declined' OR NOT EXISTS
				(SELECT FROM netboot6.lease o WHERE o.subnet = subnets[i]
					AND o.machine = machines[i] AND o.state <> 'declined'
					AND o.address <> addresses[i])
			ON CONFLICT (address) DO UPDATE SET subnet = excluded.subnet,
				machine = excluded.machine, duid = excluded.duid,
				state = excluded.state, iaid = excluded.iaid, since = excluded.since,
				expires = excluded.expires, server = excluded.server
			WHERE l.expires <= clock_timestamp()
				OR (l.machine = excluded.machine AND l.subnet = excluded.subnet
					AND l.state <> 'declined');
		is_stored := FOUND;
	EXCEPTION WHEN unique_violation OR lock_not_available OR deadlock_detected THEN
		is_stored := false;
	END;
	IF is_stored THEN
		CONTINUE;
	END IF;
	RETURN QUERY SELECT host(l.address), text(l.subnet), l.machine, l.duid, l.state, l.iaid,
		CASE WHEN isfinite(l.since)
			THEN greatest(0, floor(extract(epoch FROM clock_timestamp() - l.since)))::bigint
			ELSE 0 END,
		CASE WHEN isfinite(l.expires)
			THEN floor(extract(epoch FROM l.expires - clock_timestamp()))::bigint
			ELSE 4294967295 END, i
		FROM netboot6.lease l
		WHERE l.address = addresses[i] OR (l.subnet = subnets[i]
			AND l.machine = machines[i] AND l.state <> 'declined');
	IF NOT FOUND THEN
		RETURN QUERY SELECT NULL::text, NULL::text, NULL::text, NULL::text, NULL::text,
			NULL::bigint, NULL::bigint, NULL::bigint, i;
	END IF;
END LOOP;
END $f$;
END IF;
END $do$
