SELECT change, address, subnet, machine, duid, state, iaid, since, expires
FROM lease_change ORDER BY change
