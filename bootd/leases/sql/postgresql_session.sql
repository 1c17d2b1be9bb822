-- Settings of each connection.
--
-- synchronous_commit is at least the default, whatever the role or the database sets. No statement
-- has a time limit on the server: a COMMIT that is cancelled while it waits for a standby is
-- committed all the same. The kernel detects a peer that is gone, which ends its transaction.
SELECT set_config('synchronous_commit',
		CASE WHEN current_setting('synchronous_commit') IN ('on', 'remote_apply')
			THEN current_setting('synchronous_commit') ELSE 'on' END, false),
	set_config('statement_timeout', '0', false),
	set_config('idle_in_transaction_session_timeout', '10s', false),
	set_config('tcp_keepalives_idle', '5', false),
	set_config('tcp_keepalives_interval', '2', false),
	set_config('tcp_keepalives_count', '3', false),
	set_config('tcp_user_timeout', '10s', false),
	set_config('client_min_messages', 'warning', false)
