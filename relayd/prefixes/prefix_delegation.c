/* SPDX-License-Identifier: ISC */
/*
 * From messages to the table, and from the table's changes (on_changed) to routes, state file and
 * log. One timer expires delegations and writes routes, a bounded number in each turn of the
 * loop; the other one tries again what the kernel or the disk refused.
 */
#include "relayd/prefixes/prefix_delegation.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/log.h"

enum {
	WORK_PER_TURN = 64,
	RETRY_MS = 5000,
	EXPIRY_MAX_MS = 3600 * 1000, /* the timer looks again after at most so long */
};

static const char *const refusal_names[PREFIX_REFUSALS] = {
	[PREFIX_REFUSED_CLIENT_LIMIT] = "client-limit",
	[PREFIX_REFUSED_LINK_LIMIT] = "link-limit",
	[PREFIX_REFUSED_OUTSIDE_POOLS] = "outside-pools",
	[PREFIX_REFUSED_NEXT_HOP] = "next-hop",
	[PREFIX_REFUSED_NO_MEMORY] = "no-memory",
};

static const char *const refusal_texts[PREFIX_REFUSALS] = {
	[PREFIX_REFUSED_CLIENT_LIMIT] = "the client has as many as prefixes-per-client allows",
	[PREFIX_REFUSED_LINK_LIMIT] = "the link has as many as prefixes-per-link allows",
	[PREFIX_REFUSED_OUTSIDE_POOLS] = "it is in none of prefix-pools",
	[PREFIX_REFUSED_NEXT_HOP] = "the client's address is not link-local",
	[PREFIX_REFUSED_NO_MEMORY] = "no memory",
};

const char *prefix_refusal_name(enum prefix_refusal refusal)
{
	return refusal_names[refusal];
}

int64_t prefix_delegation_unix_s(int64_t at_ms)
{
	if (at_ms == DELEGATION_FOREVER)
		return DELEGATION_FOREVER;
	return (loop_unix_ms() + (at_ms - (int64_t)loop_now_ms())) / 1000;
}

/* --- changes of the table --------------------------------------------------------------------- */

static void put_record(struct prefix_delegation *pd, const struct delegation *d, bool is_forgotten)
{
	struct delegation_record record = {.is_forgotten = is_forgotten,
		.state = d->state,
		.prefix = d->prefix,
		.next_hop = d->next_hop,
		.duid = d->duid,
		.iaid = d->iaid,
		.preferred_until_s = prefix_delegation_unix_s(d->preferred_until_ms),
		.until_s = prefix_delegation_unix_s(d->until_ms)};

	memcpy(record.link, d->link->name, sizeof(record.link));
	if (record.preferred_until_s < 0 || d->state == DELEGATION_ENDED)
		record.preferred_until_s = 0;
	if (pd->store && delegation_store_put(pd->store, &record) < 0)
		pd->has_lost_records = true;
}

static void log_change(const struct delegation *d, enum delegation_event event)
{
	char prefix[PREFIX_TEXT], duid[DHCP6_DUID_TEXT], hop[INET6_ADDRSTRLEN], valid[48] = "ever";

	if (event == DELEGATION_RENEWED || event == DELEGATION_FORGOTTEN ||
		!log_wanted(LOG_LEVEL_INFO))
		return;
	prefix_format(&d->prefix, prefix);
	dhcp6_duid_format(&d->duid, duid);
	if (event != DELEGATION_ADDED && event != DELEGATION_MOVED) {
		log_info("%s: delegated prefix %s %s: removed the route to client %s",
			d->link->name, prefix, delegation_event_name(event), duid);
		return;
	}
	if (d->until_ms != DELEGATION_FOREVER)
		snprintf(valid, sizeof(valid), "%" PRId64 " s",
			(d->until_ms - (int64_t)loop_now_ms() + 500) / 1000);
	log_info("%s: prefix %s delegated to client %s, next hop %s, for %s%s", d->link->name,
		prefix, duid, dhcp6_address_format(&d->next_hop, hop), valid,
		event == DELEGATION_MOVED ? "; another client had it before" : "");
}

static void run_soon(struct prefix_delegation *pd)
{
	if (pd->timer)
		loop_timer_arm(pd->timer, 0);
}

static void on_changed(void *arg, struct delegation *d, enum delegation_event event)
{
	struct prefix_delegation *pd = arg;

	if (event == DELEGATION_FORGOTTEN)
		delegation_routes_forget(&pd->routes, d);
	else
		delegation_routes_changed(&pd->routes, d);
	if (pd->is_restoring)
		return;
	pd->events[event]++;
	put_record(pd, d, event == DELEGATION_FORGOTTEN);
	log_change(d, event);
	run_soon(pd);
}

static const struct delegation_table_ops table_ops = {.changed = on_changed};

/* --- messages ---------------------------------------------------------------------------------- */

static void refuse(struct prefix_delegation *pd, const struct client_link *cl,
	const struct delegation_offer *offer, enum prefix_refusal refusal)
{
	static struct log_limit limit[PREFIX_REFUSALS];
	char prefix[PREFIX_TEXT], duid[DHCP6_DUID_TEXT];

	pd->refused[refusal]++;
	log_limited(&limit[refusal], LOG_LEVEL_WARNING,
		"%s: no route to %s, which was delegated to client %s: %s", cl->name,
		prefix_format(&offer->prefix, prefix), dhcp6_duid_format(offer->duid, duid),
		refusal_texts[refusal]);
}

static bool is_in_pools(const struct relay_conf *conf, const struct prefix *prefix)
{
	for (size_t i = 0; i < conf->n_pools; i++)
		if (prefix_covers(&conf->pools[i], prefix))
			return true;
	return conf->n_pools == 0;
}

static void learn(struct prefix_delegation *pd, const struct client_link *cl,
	const struct delegation_offer *offer)
{
	struct delegation_limits limits = {
		.per_client = cl->rule->prefixes_per_client, .per_link = cl->rule->prefixes_per_link};
	static const enum prefix_refusal refusals[DELEGATION_RESULTS] = {
		[DELEGATION_CLIENT_LIMIT] = PREFIX_REFUSED_CLIENT_LIMIT,
		[DELEGATION_LINK_LIMIT] = PREFIX_REFUSED_LINK_LIMIT,
		[DELEGATION_NO_MEMORY] = PREFIX_REFUSED_NO_MEMORY,
	};
	enum delegation_result result;

	if (!IN6_IS_ADDR_LINKLOCAL(&offer->next_hop)) {
		refuse(pd, cl, offer, PREFIX_REFUSED_NEXT_HOP);
		return;
	}
	if (!is_in_pools(pd->conf, &offer->prefix)) {
		refuse(pd, cl, offer, PREFIX_REFUSED_OUTSIDE_POOLS);
		return;
	}
	result = delegation_table_put(&pd->table, offer, &limits);
	if (result != DELEGATION_ACCEPTED)
		refuse(pd, cl, offer, refusals[result]);
}

static int64_t until(uint32_t lifetime_s, int64_t now_ms)
{
	return lifetime_s == DHCP6_INFINITY ? DELEGATION_FOREVER
					    : now_ms + (int64_t)lifetime_s * 1000;
}

static void delegated(struct prefix_delegation *pd, const struct client_link *cl,
	const struct delegation_message *message, const struct delegated_prefix *item,
	int64_t now_ms)
{
	struct delegation_offer offer = {.prefix = item->prefix,
		.link = cl->name,
		.next_hop = message->client,
		.duid = &message->duid,
		.iaid = item->iaid,
		.preferred_until_ms = until(item->preferred_s, now_ms),
		.valid_until_ms = until(item->valid_s, now_ms)};

	if (item->valid_s == 0)
		delegation_table_end_prefix(&pd->table, cl->name, &message->duid, &item->prefix,
			DELEGATION_WITHDRAWN, now_ms);
	else
		learn(pd, cl, &offer);
}

/* RFC 8987 section 4.1, G-9. A Release names prefixes; without any it means the whole IA_PD. */
static void released(struct prefix_delegation *pd, const struct client_link *cl,
	const struct delegation_message *message, const struct delegated_prefix *item,
	int64_t now_ms)
{
	if (item->has_prefix)
		delegation_table_end_prefix(&pd->table, cl->name, &message->duid, &item->prefix,
			DELEGATION_RELEASED, now_ms);
	else
		delegation_table_end_ia(&pd->table, cl->name, &message->duid, item->iaid,
			DELEGATION_RELEASED, now_ms);
}

void prefix_delegation_observe(struct prefix_delegation *pd, const struct client_link *cl,
	const struct in6_addr *peer, struct wire_in octets, int64_t now_ms)
{
	struct delegation_message message;
	struct delegated_prefix item;

	if (!delegation_message_read(octets, peer, &message))
		return;
	while (delegation_message_next(&message, &item)) {
		if (message.type == DHCP6_RELEASE)
			released(pd, cl, &message, &item, now_ms);
		else if (item.has_prefix)
			delegated(pd, cl, &message, &item, now_ms);
	}
}

/* --- links, operator --------------------------------------------------------------------------- */

void prefix_delegation_link_changed(struct prefix_delegation *pd, const char *name)
{
	struct delegation_link *link = pd->is_enabled ? delegation_table_link(&pd->table, name) : NULL;

	for (struct delegation *d = link ? link->first : NULL; d; d = d->next)
		delegation_routes_changed(&pd->routes, d);
	if (link)
		run_soon(pd);
}

void prefix_delegation_resync(struct prefix_delegation *pd)
{
	if (!pd->is_enabled)
		return;
	for (struct delegation *d = delegation_table_next(&pd->table, NULL); d;
		d = delegation_table_next(&pd->table, d))
		delegation_routes_changed(&pd->routes, d);
	run_soon(pd);
}

void prefix_delegation_clear(struct prefix_delegation *pd, struct delegation *d)
{
	delegation_table_clear(&pd->table, d, (int64_t)loop_now_ms());
}

/* --- timers ------------------------------------------------------------------------------------ */

static void work(void *arg)
{
	struct prefix_delegation *pd = arg;
	int64_t next = delegation_table_expire(&pd->table, (int64_t)loop_now_ms(), WORK_PER_TURN);

	if (delegation_routes_run(&pd->routes, WORK_PER_TURN))
		next = 0;
	if (next < 0 || next > EXPIRY_MAX_MS)
		next = EXPIRY_MAX_MS;
	loop_timer_arm(pd->timer, (uint64_t)next);
	if (pd->routes.has_failed)
		loop_timer_arm(pd->retry_timer, RETRY_MS);
}

static void store_all(void *arg)
{
	struct prefix_delegation *pd = arg;

	pd->has_lost_records = false;
	for (struct delegation *d = delegation_table_next(&pd->table, NULL); d;
		d = delegation_table_next(&pd->table, d))
		put_record(pd, d, false);
}

static void retry(void *arg)
{
	struct prefix_delegation *pd = arg;

	if (pd->routes.has_failed)
		delegation_routes_retry(&pd->routes, &pd->table);
	if (pd->has_lost_records)
		store_all(pd);
	run_soon(pd);
}

static void on_stored(void *arg, int error)
{
	struct prefix_delegation *pd = arg;

	if (error == 0) {
		log_notice("%s: delegated prefixes are stored again", pd->conf->state);
		return;
	}
	if (!pd->has_lost_records)
		log_error("%s: cannot store delegated prefixes: %s; they will be missing after a "
			  "restart until the clients renew them",
			pd->conf->state, strerror(error));
	pd->has_lost_records = true;
	loop_timer_arm(pd->retry_timer, RETRY_MS);
}

/* --- the start --------------------------------------------------------------------------------- */

/* Unix time as monotonic milliseconds. */
static int64_t monotonic_ms(int64_t at_s, int64_t now_ms)
{
	return at_s == DELEGATION_FOREVER ? DELEGATION_FOREVER
					  : now_ms + at_s * 1000 - loop_unix_ms();
}

/* Those of links that have no routes now are left out. */
static void restore_record(
	struct prefix_delegation *pd, const struct delegation_record *record, int64_t now_ms)
{
	const struct client_link *cl = client_links_find_name(pd->links, record->link);
	const struct relay_link_rule *rule =
		cl ? cl->rule : relay_conf_rule(pd->conf, record->link, NULL);
	struct delegation_limits limits = {
		.per_client = rule->prefixes_per_client, .per_link = rule->prefixes_per_link};
	struct delegation_offer offer = {.prefix = record->prefix,
		.link = record->link,
		.next_hop = record->next_hop,
		.duid = &record->duid,
		.iaid = record->iaid,
		.preferred_until_ms = monotonic_ms(record->preferred_until_s, now_ms),
		.valid_until_ms = monotonic_ms(record->until_s, now_ms)};

	if (!rule->routes || !is_in_pools(pd->conf, &record->prefix))
		return;
	if (record->state == DELEGATION_ACTIVE)
		delegation_table_put(&pd->table, &offer, &limits);
	else if (offer.valid_until_ms > now_ms)
		delegation_table_put_ended(&pd->table, &offer, &limits);
}

static void restore(struct prefix_delegation *pd)
{
	struct delegation_record *record = NULL;
	struct delegation_records records;
	int rc = delegation_store_read(pd->conf->state, &records);

	if (rc < 0) {
		log_error("%s: cannot read the delegated prefixes: %s; they will be missing until "
			  "the clients renew them",
			pd->conf->state, strerror(-rc));
		return;
	}
	if (records.malformed)
		log_warning("%s: left out %u lines that are no delegated prefixes",
			pd->conf->state, records.malformed);
	pd->is_restoring = true;
	while ((record = delegation_records_next(&records, record)))
		restore_record(pd, record, (int64_t)loop_now_ms());
	pd->is_restoring = false;
	pd->restored = pd->table.n_active;
	delegation_records_free(&records);
	if (pd->restored)
		log_notice("%s: restored %" PRIu64 " delegated prefixes", pd->conf->state,
			pd->restored);
}

int prefix_delegation_init(
	struct prefix_delegation *pd, const struct relay_conf *conf, struct client_links *links)
{
	int rc;

	*pd = (struct prefix_delegation){.conf = conf, .links = links};
	if (!relay_conf_has_routes(conf))
		return 0;
	rc = delegation_table_init(&pd->table, &table_ops, pd);
	if (rc == 0)
		rc = delegation_routes_open(&pd->routes, links, conf->route_protocol);
	if (rc < 0)
		log_error("routes: cannot install routes to delegated prefixes: %s", strerror(-rc));
	if (rc < 0)
		delegation_table_fini(&pd->table);
	pd->is_enabled = rc == 0;
	return rc;
}

int prefix_delegation_start(struct prefix_delegation *pd, struct loop *loop)
{
	int rc;

	if (!pd->is_enabled)
		return 0;
	pd->timer = loop_timer_new(loop, work, pd);
	pd->retry_timer = loop_timer_new(loop, retry, pd);
	pd->clock = clock_watch_new(loop, store_all, pd);
	pd->store = delegation_store_new(loop, pd->conf->state, on_stored, pd);
	if (!pd->timer || !pd->retry_timer || !pd->clock || !pd->store)
		return -ENOMEM;
	restore(pd);
	rc = delegation_routes_set_pools(&pd->routes, pd->conf->pools, pd->conf->n_pools);
	if (rc == 0)
		rc = delegation_routes_adopt(&pd->routes, &pd->table);
	if (rc < 0)
		log_error("routes: cannot read the routes of route-protocol %u: %s",
			pd->conf->route_protocol, strerror(-rc));
	run_soon(pd);
	return 0;
}

void prefix_delegation_fini(struct prefix_delegation *pd)
{
	if (!pd->is_enabled)
		return;
	loop_timer_free(pd->timer);
	loop_timer_free(pd->retry_timer);
	clock_watch_free(pd->clock);
	delegation_store_free(pd->store);
	delegation_table_fini(&pd->table);
	delegation_routes_close(&pd->routes);
	*pd = (struct prefix_delegation){0};
}

/* Forget the delegations of links that have no routes any more, and of other pools. */
static void forget_unwanted(struct prefix_delegation *pd)
{
	struct delegation *d = delegation_table_next(&pd->table, NULL), *next;

	for (; d; d = next) {
		const struct client_link *cl = client_links_find_name(pd->links, d->link->name);
		const struct relay_link_rule *rule =
			cl ? cl->rule : relay_conf_rule(pd->conf, d->link->name, NULL);

		next = delegation_table_next(&pd->table, d);
		if (!rule->routes || !is_in_pools(pd->conf, &d->prefix))
			delegation_table_forget(&pd->table, d);
	}
}

void prefix_delegation_reconfigure(struct prefix_delegation *pd, const struct relay_conf *conf)
{
	pd->conf = conf;
	if (!pd->is_enabled)
		return;
	if (delegation_routes_set_pools(&pd->routes, conf->pools, conf->n_pools) < 0)
		log_error("prefix-pools: no memory");
	forget_unwanted(pd);
	prefix_delegation_resync(pd);
}
