-- Parameters: an array of each column. Rows: the conflicting lease of each refused put, NULL if it
-- is not known, and the number of the put, from 1.
SELECT * FROM netboot6.put($1::inet[], $2::cidr[], $3::text[], $4::text[], $5::text[],
	$6::bigint[], $7::bigint[], $8::bigint[])
