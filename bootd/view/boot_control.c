/* SPDX-License-Identifier: ISC */
/*
 * The commands of the control socket, one function each: they read the words of the request, and
 * the other files of view/ make the answer. Only `release` and `reload` change anything.
 */
#include "bootd/view/boot_control.h"

#include <errno.h>
#include <string.h>

#include "bootd/dhcp/exchange.h"
#include "bootd/view/boot_view.h"
#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/loop.h"

static struct boot_parts *parts_of(void *arg)
{
	return ((struct boot_control *)arg)->parts;
}

static json_t *run_status(void *arg, int n, char *const words[])
{
	(void)n;
	(void)words;
	return boot_status_view(parts_of(arg));
}

static json_t *run_doctor(void *arg, int n, char *const words[])
{
	(void)n;
	(void)words;
	return boot_doctor(parts_of(arg));
}

static json_t *run_list(void *arg, int n, char *const words[])
{
	return boot_view_list(parts_of(arg)->progress, n, words, loop_now_ms());
}

static json_t *run_leases(void *arg, int n, char *const words[])
{
	const struct boot_parts *parts = parts_of(arg);

	return boot_lease_list(parts->config, &parts->exchange->bindings, n, words, loop_now_ms());
}

/* Frees the address of a lease for other machines, if its machine no longer exists. */
static json_t *run_release(void *arg, int n, char *const words[])
{
	struct exchange *exchange = parts_of(arg)->exchange;
	struct binding *binding = NULL;
	struct in6_addr address;
	int rc;

	if (n != 2 || config_address(words[1], &address) < 0)
		return control_error("release: expected the address of a lease");
	binding = binding_table_find_address(&exchange->bindings, &address);
	if (!binding || !binding->is_lease)
		return control_error("release: %s is no lease of a pool", words[1]);
	rc = lease_journal_remove(&exchange->leases, &exchange->bindings, binding);
	if (rc == -EINPROGRESS) {
		log_notice(
			"%s: the lease is being deleted, as an operator has requested", words[1]);
		return json_pack("{s:s}", "releasing", words[1]);
	}
	if (rc < 0)
		return control_error("release: %s", lease_journal_error(&exchange->leases));
	log_notice("%s: the lease is deleted, as an operator has requested", words[1]);
	return json_pack("{s:s}", "released", words[1]);
}

static json_t *run_hosts(void *arg, int n, char *const words[])
{
	const struct boot_parts *parts = parts_of(arg);

	return boot_host_view_page(parts->config, &parts->exchange->bindings, parts->progress, n,
		words, loop_now_ms());
}

/* By the name of a host, by an address that a machine has, by MAC address or by DUID. */
static bool find_machine(const struct boot_parts *parts, const char *text, struct machine *machine)
{
	const struct boot_host *host = boot_config_host_named(parts->config, text);
	const struct binding *binding = NULL;
	struct in6_addr address;

	if (config_address(text, &address) == 0)
		binding = binding_table_find_address(&parts->exchange->bindings, &address);
	if (host && host->macs > 0)
		*machine = machine_of_mac(host->mac[0]);
	else if (binding)
		*machine = binding_machine(binding);
	else if (machine_parse(text, machine) < 0)
		return false;
	return true;
}

static json_t *run_show(void *arg, int n, char *const words[])
{
	const struct boot_parts *parts = parts_of(arg);
	const struct boot_record *record;
	struct machine machine;
	json_t *view, *registered;

	if (n != 2)
		return control_error(
			"show: expected a MAC address, a DUID, an address or a host's name");
	if (!find_machine(parts, words[1], &machine))
		return control_error(
			"show: no machine has the MAC address, DUID, address or host name \"%s\"",
			words[1]);
	record = boot_progress_find(parts->progress, &machine);
	registered = boot_host_view_registered(parts->config, &parts->exchange->bindings, &machine);
	if (!record && json_array_size(registered) == 0) {
		json_decref(registered);
		return control_error("show: no message of %s was received", words[1]);
	}
	view = record ? boot_view_record(record, true, loop_now_ms()) : json_object();
	json_object_set_new(view, "registered", registered);
	return view;
}

static json_t *run_tls(void *arg, int n, char *const words[])
{
	const struct boot_parts *parts = parts_of(arg);

	(void)n;
	(void)words;
	return parts->tls ? boot_tls_view(parts)
			  : control_error("tls: bootd.conf has no https section, or it was added "
					  "after the start");
}

static void reloaded(void *arg, int rc, const struct config_problems *problems)
{
	control_answer(arg,
		rc == 0 ? json_pack("{s:b s:s}", "reloaded", 1, "warnings", problems->text)
			: control_error("%s", *problems->text ? problems->text : strerror(-rc)));
}

static void begin_reload(void *arg, struct control_ticket *ticket, int n, char *const words[])
{
	const struct boot_control *control = arg;

	(void)n;
	(void)words;
	control->reload(control->reload_arg, reloaded, ticket);
}

static json_t *run_explain(void *arg, int n, char *const words[])
{
	const struct boot_parts *parts = parts_of(arg);

	return boot_explain(parts->config, &parts->exchange->bindings, n, words);
}

static json_t *run_metrics(void *arg, int n, char *const words[])
{
	struct metrics m = {0};
	json_t *answer;

	(void)n;
	(void)words;
	boot_metrics_fill(parts_of(arg), &m);
	answer = m.failed ? NULL : json_pack("{s:s}", "metrics", m.text);
	metrics_fini(&m);
	return answer;
}

const struct control_command boot_control_commands[] = {
	{"metrics", run_metrics},
	{"status", run_status},
	{"doctor", run_doctor},
	{"list", run_list},
	{"show", run_show},
	{"leases", run_leases},
	{"release", run_release},
	{"hosts", run_hosts},
	{"explain", run_explain},
	{"tls", run_tls},
	{.name = "reload", .begin = begin_reload},
	{NULL, NULL},
};

/* --- watch ------------------------------------------------------------------------- */

void boot_control_step(
	struct control *control, const struct boot_record *record, const struct boot_step *step)
{
	uint64_t now_ms = step->last_ms;
	json_t *event;

	if (!control_watched(control))
		return;
	event = boot_view_record(record, false, now_ms);
	if (!event)
		return;
	json_object_set_new(event, "event", boot_view_step(step, now_ms));
	control_publish(control, event);
}
