/* SPDX-License-Identifier: ISC */
/*
 * Each delegation notes what the kernel has for it (struct delegation_kernel). A run compares that
 * with what it should have, a function of the delegation and its link, and writes the difference.
 * A bounded number is written in each turn of the loop.
 */
#include "relayd/prefixes/delegation_routes.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"

static struct log_limit failed_limit, foreign_limit;

int delegation_routes_open(
	struct delegation_routes *routes, const struct client_links *links, uint8_t protocol)
{
	*routes = (struct delegation_routes){.links = links};
	return route_writer_new(&routes->writer, protocol);
}

void delegation_routes_close(struct delegation_routes *routes)
{
	route_writer_free(routes->writer);
	free(routes->pools);
	*routes = (struct delegation_routes){0};
}

/* --- what there should be ------------------------------------------------------------------- */

static const struct client_link *link_of(
	const struct delegation_routes *routes, const struct delegation *d)
{
	return client_links_find_name(routes->links, d->link->name);
}

static bool is_up(const struct client_link *cl)
{
	return cl && cl->link && (cl->link->flags & IFF_UP) && !cl->ipv6_disabled;
}

static bool is_standby(const struct client_link *cl)
{
	return cl && cl->state == CLIENT_LINK_STANDBY;
}

/* The routing table of the link: that of its VRF, or main. */
static uint32_t table_of(const struct delegation_routes *routes, const struct client_link *cl)
{
	const struct link *vrf = cl && cl->link && link_is_in_vrf(cl->link)
					 ? link_table_find(routes->links->table, cl->link->master)
					 : NULL;

	return vrf && vrf->vrf_table ? vrf->vrf_table : RT_TABLE_MAIN;
}

static bool is_in_pool(const struct delegation_routes *routes, const struct prefix *prefix)
{
	for (size_t i = 0; i < routes->n_pools; i++)
		if (prefix_covers(&routes->pools[i], prefix))
			return true;
	return false;
}

static struct written_route guard_of(const struct prefix *prefix, uint32_t table)
{
	return (struct written_route){.destination = prefix->address,
		.len = prefix->len,
		.is_unreachable = true,
		.table = table,
		.metric = DELEGATION_GUARD_METRIC};
}

static struct written_route route_of(
	const struct delegation *d, const struct client_link *cl, uint32_t table)
{
	return (struct written_route){.destination = d->prefix.address,
		.len = d->prefix.len,
		.next_hop = d->next_hop,
		.ifindex = cl->link->ifindex,
		.table = table,
		.metric = DELEGATION_METRIC};
}

/* --- writing -------------------------------------------------------------------------------- */

static int count(struct delegation_routes *routes, uint64_t *counter, int rc)
{
	*(rc < 0 ? &routes->counters.failed : counter) += 1;
	return rc;
}

/*
 * A route with this destination and metric may be ours, of a process before this one: the removal
 * finds only routes of our protocol.
 */
static int add(struct delegation_routes *routes, const struct written_route *route)
{
	struct written_route any = *route;
	int rc = route_writer_add(routes->writer, route);

	any.ifindex = 0;
	if (rc == -EEXIST && route_writer_remove(routes->writer, &any) == 0)
		rc = route_writer_add(routes->writer, route);
	if (rc == -EEXIST) {
		routes->counters.foreign++;
		return rc;
	}
	return count(routes, &routes->counters.added, rc);
}

static void remove_route(struct delegation_routes *routes, struct delegation *d)
{
	struct written_route route = {.destination = d->prefix.address,
		.len = d->prefix.len,
		.next_hop = d->kernel.next_hop,
		.ifindex = d->kernel.ifindex,
		.table = d->kernel.route_table,
		.metric = DELEGATION_METRIC};
	int rc = route_writer_remove(routes->writer, &route);

	/* The kernel removes routes of links that go down or are deleted by itself. */
	if (rc == 0 || (rc != -ESRCH && rc != -ENODEV))
		count(routes, &routes->counters.removed, rc);
	d->kernel.has_route = false;
}

static void remove_guard(struct delegation_routes *routes, struct delegation *d)
{
	struct written_route guard = guard_of(&d->prefix, d->kernel.guard_table);

	route_writer_remove(routes->writer, &guard);
	d->kernel.has_guard = false;
}

/* Returns 0 or -errno. */
static int write_guard(struct delegation_routes *routes, struct delegation *d, uint32_t table)
{
	struct written_route guard = guard_of(&d->prefix, table);
	int rc;

	if (d->kernel.has_guard && d->kernel.guard_table == table)
		return 0;
	if (d->kernel.has_guard)
		remove_guard(routes, d);
	rc = add(routes, &guard);
	d->kernel.has_guard = rc == 0;
	d->kernel.guard_table = table;
	return rc == -EEXIST ? 0 : rc; /* someone else has an unreachable route: as good */
}

/*
 * Also while it is there already as far as we know: the kernel may have removed it together with the
 * link's IPv6, and an administrator by hand.
 */
static int write_route(struct delegation_routes *routes, struct delegation *d,
	const struct client_link *cl, uint32_t table)
{
	struct delegation_kernel *kernel = &d->kernel;
	struct written_route route = route_of(d, cl, table);
	bool is_same = kernel->has_route && kernel->ifindex == route.ifindex &&
		       kernel->route_table == table &&
		       IN6_ARE_ADDR_EQUAL(&kernel->next_hop, &route.next_hop);
	int rc;

	if (kernel->has_route && !is_same && kernel->route_table != table)
		remove_route(routes, d);
	if (is_same)
		rc = route_writer_add(routes->writer, &route);
	else if (kernel->has_route)
		rc = count(routes, &routes->counters.added,
			route_writer_replace(routes->writer, &route));
	else
		rc = add(routes, &route);
	if (rc == -EEXIST && is_same)
		return 0;
	kernel->has_route = rc == 0;
	kernel->ifindex = route.ifindex;
	kernel->next_hop = route.next_hop;
	kernel->route_table = table;
	return rc;
}

static void report(struct delegation *d, int rc)
{
	char text[PREFIX_TEXT];

	d->kernel.is_foreign = rc == -EEXIST;
	if (-rc == d->kernel.error)
		return;
	d->kernel.error = -rc;
	if (rc == 0)
		return;
	prefix_format(&d->prefix, text);
	if (d->kernel.is_foreign)
		log_limited(&foreign_limit, LOG_LEVEL_WARNING,
			"%s: %s: another program has a route to this delegated prefix; it stays, "
			"and the client on this link is not reached",
			d->link->name, text);
	else
		log_limited(&failed_limit, LOG_LEVEL_WARNING,
			"%s: %s: cannot install the route to the delegated prefix: %s",
			d->link->name, text, strerror(-rc));
}

static void update(struct delegation_routes *routes, struct delegation *d)
{
	const struct client_link *cl = link_of(routes, d);
	uint32_t table = cl && cl->link ? table_of(routes, cl)
			 : d->kernel.has_guard ? d->kernel.guard_table
					       : RT_TABLE_MAIN;
	bool wants_route = d->state == DELEGATION_ACTIVE && is_up(cl) && !is_standby(cl);
	bool wants_guard =
		!is_standby(cl) && !(table == RT_TABLE_MAIN && is_in_pool(routes, &d->prefix));
	int rc = 0, guard = 0;

	/* The guard comes first and goes last, so that no packet finds neither. */
	if (wants_guard)
		guard = write_guard(routes, d, table);
	if (wants_route)
		rc = write_route(routes, d, cl, table);
	else if (d->kernel.has_route)
		remove_route(routes, d);
	if (!wants_guard && d->kernel.has_guard)
		remove_guard(routes, d);
	report(d, rc < 0 ? rc : guard);
	routes->has_failed |= d->kernel.error != 0;
}

/* --- the queue ------------------------------------------------------------------------------ */

void delegation_routes_changed(struct delegation_routes *routes, struct delegation *d)
{
	if (d->is_changed)
		return;
	d->is_changed = true;
	d->next_changed = NULL;
	if (routes->last)
		routes->last->next_changed = d;
	else
		routes->first = d;
	routes->last = d;
}

static void take_out(struct delegation_routes *routes, const struct delegation *d)
{
	struct delegation *before = NULL;

	for (struct delegation *at = routes->first; at != d; at = at->next_changed)
		before = at;
	*(before ? &before->next_changed : &routes->first) = d->next_changed;
	if (routes->last == d)
		routes->last = before;
}

void delegation_routes_forget(struct delegation_routes *routes, struct delegation *d)
{
	if (d->is_changed)
		take_out(routes, d);
	d->is_changed = false;
	if (!routes->writer)
		return;
	if (d->kernel.has_route)
		remove_route(routes, d);
	if (d->kernel.has_guard)
		remove_guard(routes, d);
}

bool delegation_routes_run(struct delegation_routes *routes, unsigned max)
{
	for (unsigned i = 0; i < max && routes->first; i++) {
		struct delegation *d = routes->first;

		routes->first = d->next_changed;
		if (!routes->first)
			routes->last = NULL;
		d->is_changed = false;
		if (routes->writer)
			update(routes, d);
	}
	return routes->first != NULL;
}

void delegation_routes_retry(
	struct delegation_routes *routes, const struct delegation_table *table)
{
	routes->has_failed = false;
	for (struct delegation *d = delegation_table_next(table, NULL); d;
		d = delegation_table_next(table, d))
		if (d->kernel.error)
			delegation_routes_changed(routes, d);
}

/* --- the start, pools ------------------------------------------------------------------------- */

/* Routes that an earlier process left and nobody wants: removed after the dump. */
struct adoption {
	struct delegation_routes *routes;
	const struct delegation_table *table;
	struct written_route *unwanted;
	size_t count, size;
	bool is_out_of_memory;
};

static void note_unwanted(struct adoption *adoption, const struct written_route *route)
{
	if (adoption->count == adoption->size) {
		size_t size = adoption->size ? 2 * adoption->size : 16;
		struct written_route *more =
			realloc(adoption->unwanted, size * sizeof(struct written_route));

		if (!more) {
			adoption->is_out_of_memory = true;
			return;
		}
		adoption->unwanted = more;
		adoption->size = size;
	}
	adoption->unwanted[adoption->count++] = *route;
}

static bool is_pool(const struct delegation_routes *routes, const struct prefix *prefix)
{
	for (size_t i = 0; i < routes->n_pools; i++)
		if (prefix_equal(&routes->pools[i], prefix))
			return true;
	return false;
}

static void adopt(void *arg, const struct written_route *route)
{
	struct adoption *adoption = arg;
	struct prefix prefix = {.address = route->destination, .len = route->len};
	struct delegation *d = delegation_table_find(adoption->table, &prefix);

	if (route->is_unreachable && route->metric == DELEGATION_GUARD_METRIC) {
		if (route->table == RT_TABLE_MAIN && is_pool(adoption->routes, &prefix))
			return;
		if (d && !d->kernel.has_guard) {
			d->kernel.has_guard = true;
			d->kernel.guard_table = route->table;
			return;
		}
	} else if (d && d->state == DELEGATION_ACTIVE && !d->kernel.has_route &&
		   route->metric == DELEGATION_METRIC) {
		d->kernel.has_route = true;
		d->kernel.ifindex = route->ifindex;
		d->kernel.next_hop = route->next_hop;
		d->kernel.route_table = route->table;
		return;
	}
	note_unwanted(adoption, route);
}

int delegation_routes_adopt(struct delegation_routes *routes, const struct delegation_table *table)
{
	struct adoption adoption = {.routes = routes, .table = table};
	int rc = route_writer_dump(routes->writer, adopt, &adoption);

	for (size_t i = 0; i < adoption.count; i++)
		count(routes, &routes->counters.removed,
			route_writer_remove(routes->writer, &adoption.unwanted[i]));
	free(adoption.unwanted);
	return adoption.is_out_of_memory ? -ENOMEM : rc;
}

int delegation_routes_set_pools(
	struct delegation_routes *routes, const struct prefix *pools, size_t n_pools)
{
	struct prefix *copy = calloc(n_pools ? n_pools : 1, sizeof(*copy));
	struct prefix *before = routes->pools;
	size_t n_before = routes->n_pools;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, pools, n_pools * sizeof(*copy));
	routes->pools = copy;
	routes->n_pools = n_pools;
	for (size_t i = 0; i < n_pools; i++) {
		struct written_route guard = guard_of(&pools[i], RT_TABLE_MAIN);
		char text[PREFIX_TEXT];
		int rc = route_writer_add(routes->writer, &guard);

		if (rc < 0 && rc != -EEXIST)
			log_error("prefix-pools: %s: cannot install the unreachable route: %s",
				prefix_format(&pools[i], text), strerror(-rc));
	}
	for (size_t i = 0; i < n_before; i++) {
		struct written_route guard = guard_of(&before[i], RT_TABLE_MAIN);

		if (!is_pool(routes, &before[i]))
			route_writer_remove(routes->writer, &guard);
	}
	free(before);
	return 0;
}

/* --- the view --------------------------------------------------------------------------------- */

const char *delegation_routes_state(
	const struct delegation_routes *routes, const struct delegation *d)
{
	const struct client_link *cl = link_of(routes, d);

	if (d->state == DELEGATION_ENDED)
		return "ended";
	if (is_standby(cl))
		return "standby";
	if (!is_up(cl))
		return "link-down";
	if (d->kernel.is_foreign)
		return "foreign-route";
	if (d->kernel.error)
		return "failed";
	return d->kernel.has_route ? "installed" : "waiting";
}
