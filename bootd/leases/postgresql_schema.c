/* SPDX-License-Identifier: ISC */
/* SQL, and nothing but. */
#include "bootd/leases/postgresql_schema.h"

#include <stddef.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define LOCK "6858254" /* of all that netboot6 does in this database */
#define SCHEMA_NUMBER 1
#define PAGE 1000
_Static_assert(SCHEMA_NUMBER == POSTGRESQL_SCHEMA && PAGE == POSTGRESQL_PAGE, "numbers in SQL");

#define TABLES                                                                                     \
	"CREATE TABLE netboot6.version (schema integer NOT NULL);"                                 \
	"INSERT INTO netboot6.version VALUES (" TEXT(                                              \
		SCHEMA_NUMBER) ");"                                                                \
			       "CREATE TABLE netboot6.lease ("                                     \
			       " address inet PRIMARY KEY,"                                        \
			       " subnet cidr NOT NULL,"                                            \
			       " machine text NOT NULL,"                                           \
			       " duid text NOT NULL,"                                              \
			       " iaid bigint NOT NULL,"                                            \
			       " state text NOT NULL CHECK (state IN ('bound', 'released', "       \
			       "'declined')),"                                                     \
			       " since timestamptz NOT NULL,"                                      \
			       " expires timestamptz NOT NULL,"                                    \
			       " server text NOT NULL);"                                           \
			       "CREATE UNIQUE INDEX lease_of_machine ON netboot6.lease (subnet, "  \
			       "machine)"                                                          \
			       " WHERE state <> 'declined';"                                       \
			       "COMMENT ON COLUMN netboot6.lease.machine IS"                       \
			       " 'its MAC address, or its DUID where that is not known';"          \
			       "COMMENT ON COLUMN netboot6.lease.server IS 'which wrote it last';"

#define TELL                                                                                       \
	"CREATE FUNCTION netboot6.tell() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN"            \
	"  IF TG_OP = 'DELETE' THEN"                                                               \
	"   PERFORM pg_notify('netboot6_lease', host(OLD.address));"                               \
	"  ELSE"                                                                                   \
	"   PERFORM pg_notify('netboot6_lease', host(NEW.address));"                               \
	"  END IF;"                                                                                \
	"  RETURN NULL;"                                                                           \
	" END $f$;"                                                                                \
	"CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON netboot6.lease"                   \
	" FOR EACH ROW EXECUTE FUNCTION netboot6.tell();"

#define COLUMNS                                                                                    \
	"host(l.address), text(l.subnet), l.machine, l.duid, l.state, l.iaid,"                     \
	" greatest(0, floor(extract(epoch FROM clock_timestamp() - l.since)))::bigint,"            \
	" floor(extract(epoch FROM l.expires - clock_timestamp()))::bigint"

/*
 * What is this machine's already is changed, what has expired is taken over, all else stands.
 * A declined address stands against its own machine, too.
 */
#define STORE                                                                                      \
	"CREATE FUNCTION netboot6.store(addresses inet[], subnets cidr[], machines text[],"        \
	" duids text[], states text[], iaids bigint[], ages bigint[], lefts bigint[])"             \
	" RETURNS TABLE (r_address text, r_subnet text, r_machine text, r_duid text,"              \
	"  r_state text, r_iaid bigint, r_age bigint, r_left bigint, r_number integer)"            \
	" LANGUAGE plpgsql AS $f$ BEGIN"                                                           \
	" PERFORM pg_advisory_xact_lock(" LOCK ");"                                                \
	" FOR i IN 1 .. coalesce(array_length(addresses, 1), 0) LOOP"                              \
	"  IF states[i] = 'removed' THEN"                                                          \
	"   DELETE FROM netboot6.lease l WHERE l.address = addresses[i]"                           \
	"    AND l.machine = machines[i];"                                                         \
	"   CONTINUE;"                                                                             \
	"  END IF;"                                                                                \
	"  DELETE FROM netboot6.lease l WHERE l.subnet = subnets[i] AND l.machine = machines[i]"   \
	"   AND l.state <> 'declined' AND l.address <> addresses[i]"                               \
	"   AND l.expires <= clock_timestamp();"                                                   \
	"  INSERT INTO netboot6.lease AS l"                                                        \
	"   (address, subnet, machine, duid, state, iaid, since, expires, server)"                 \
	"   SELECT addresses[i], subnets[i], machines[i], duids[i], states[i], iaids[i],"          \
	"    clock_timestamp() - make_interval(secs => ages[i]),"                                  \
	"    clock_timestamp() + make_interval(secs => lefts[i]),"                                 \
	"    current_setting('application_name')"                                                  \
	"   WHERE states[i] = 'declined' OR NOT EXISTS"                                            \
	"    (SELECT FROM netboot6.lease o WHERE o.subnet = subnets[i]"                            \
	"     AND o.machine = machines[i] AND o.state <> 'declined'"                               \
	"     AND o.address <> addresses[i])"                                                      \
	"   ON CONFLICT (address) DO UPDATE SET subnet = excluded.subnet,"                         \
	"    machine = excluded.machine, duid = excluded.duid, state = excluded.state,"            \
	"    iaid = excluded.iaid, since = excluded.since, expires = excluded.expires,"            \
	"    server = excluded.server"                                                             \
	"   WHERE l.expires <= clock_timestamp()"                                                  \
	"    OR (l.machine = excluded.machine AND l.subnet = excluded.subnet"                      \
	"     AND l.state <> 'declined');"                                                         \
	"  IF FOUND THEN"                                                                          \
	"   CONTINUE;"                                                                             \
	"  END IF;"                                                                                \
	"  RETURN QUERY SELECT " COLUMNS ", i FROM netboot6.lease l"                               \
	"   WHERE l.address = addresses[i] OR (l.subnet = subnets[i]"                              \
	"    AND l.machine = machines[i] AND l.state <> 'declined');"                              \
	"  IF NOT FOUND THEN"                                                                      \
	"   RETURN QUERY SELECT NULL::text, NULL::text, NULL::text, NULL::text, NULL::text,"       \
	"    NULL::bigint, NULL::bigint, NULL::bigint, i;"                                         \
	"  END IF;"                                                                                \
	" END LOOP;"                                                                               \
	"END $f$;"

/*
 * Synchronous at least as far as PostgreSQL is by default. No statement has a limit of time on
 * that side: one that is cancelled while it waits for a standby has been committed all the
 * same. A peer that is gone is found by the kernel, which ends its transaction.
 */
const char *const postgresql_sql_setup[] = {
	"SELECT set_config('synchronous_commit', 'on', false)"
	" WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')",
	"SET statement_timeout = 0",
	"SET idle_in_transaction_session_timeout = '10s'",
	"SET tcp_keepalives_idle = 5",
	"SET tcp_keepalives_interval = 2",
	"SET tcp_keepalives_count = 3",
	"SET tcp_user_timeout = '10s'",
	"SET client_min_messages = 'warning'",
	"DO $do$ BEGIN"
	" PERFORM pg_advisory_xact_lock(" LOCK ");"
	" IF to_regnamespace('netboot6') IS NULL THEN"
	"  CREATE SCHEMA netboot6;"
	" END IF;"
	" IF to_regclass('netboot6.version') IS NULL THEN " TABLES TELL STORE " END IF;"
	"END $do$",
	"LISTEN netboot6_lease",
	NULL,
};

const char postgresql_sql_version[] = "SELECT schema FROM netboot6.version";

const char postgresql_sql_put[] =
	"SELECT * FROM netboot6.store($1::inet[], $2::cidr[], $3::text[], $4::text[], $5::text[],"
	" $6::bigint[], $7::bigint[], $8::bigint[])";

const char postgresql_sql_page[] =
	"SELECT " COLUMNS " FROM netboot6.lease l WHERE l.address > $1::inet"
	" AND l.expires > clock_timestamp() ORDER BY l.address LIMIT " TEXT(PAGE);

const char postgresql_sql_those[] =
	"SELECT " COLUMNS " FROM netboot6.lease l WHERE l.address = ANY($1::inet[])"
	" AND l.expires > clock_timestamp()";
