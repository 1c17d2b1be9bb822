/* SPDX-License-Identifier: ISC */
/*
 * The views of bootd: what it shows on the control socket, as metrics and on the live page. A view
 * reads the parts at each request, changes nothing, and does not include the server that owns them.
 *
 *	boot_view.c        what the views share: words of a question, times, a boot, a binding
 *	boot_status.c      bootd as a whole
 *	boot_doctor.c      what is wrong with it: daemon/findings.h
 *	boot_metrics.c     its counters as metrics
 *	boot_host_view.c   the hosts of the configuration
 *	boot_lease_list.c  the bindings, in pages
 *	boot_explain.c     what bootd would decide about a client (explain_question.c: which client)
 *
 * In JSON numbers are numbers; times are Unix times in seconds with a fraction, lifetimes and ages
 * are in seconds. Each function that returns JSON returns a new reference, or NULL when out of
 * memory. Lists come in pages, so that a million rows delay no answer to a client.
 */
#ifndef NB6_BOOTD_VIEW_BOOT_VIEW_H
#define NB6_BOOTD_VIEW_BOOT_VIEW_H

#include <jansson.h>

#include "bootd/bindings/binding_table.h"
#include "bootd/progress/boot_progress.h"
#include "daemon/metrics.h"

/* A socket that is bound to one address, which may be assigned to this host or not yet. */
struct boot_listener {
	const char *service; /* "dhcp", "tftp", "http"... */
	struct sockaddr_in6 at;
	bool is_assigned; /* when it was last checked */
};

enum { BOOT_LISTENERS_MAX = 56 };

/* The running parts. boot_server.c owns them and keeps these pointers current. */
struct boot_parts {
	const char *config_path;
	struct boot_config *config; /* in force */
	struct exchange *exchange;
	struct boot_progress *progress;
	struct host_directory *hosts;
	struct dhcp_service *dhcp;
	struct bulk_server *bulk;         /* NULL: no client may send a Leasequery */
	struct tftp_server *tftp;         /* NULL: no tftp section */
	struct http_files *http;          /* NULL: neither an http nor an https section */
	struct tls_server *tls;           /* NULL: no https section */
	struct event_stream *page_events; /* NULL: no page section */
	struct boot_listener listener[BOOT_LISTENERS_MAX];
	size_t listeners;
	uint64_t started_ms;
	unsigned reloads, failed_reloads;
	bool last_reload_failed;
};

/* --- the words of a question ------------------------------------------------------------ */

/* A word "NAME=VALUE" of a command. */
struct boot_word {
	const char *name;
	bool (*read)(void *question, const char *value); /* false: the value is not valid */
	const char *expected;                            /* for the error */
	unsigned pass; /* which call of boot_view_read_words() reads it */
};

/*
 * Reads the words of this pass into `question`; words[0] is the command. Returns NULL, or an error
 * that names the wrong word and what is expected.
 */
json_t *boot_view_read_words(const struct boot_word *table, size_t rows, unsigned pass,
	void *question, int n, char *const words[]);
/* For a command that accepts only after=N; *after stays as it is if there is no such word. */
json_t *boot_view_read_after(int n, char *const words[], uint64_t *after);
/* Digits only. */
bool boot_view_read_number(const char *text, uint64_t *number);

/* --- what views share --------------------------------------------------------------------- */

enum { BOOT_PAGE_ROWS = 1000 };

/* A machine's boot; with all its steps, or as one row of a list. */
json_t *boot_view_record(const struct boot_record *record, bool with_steps, uint64_t now_ms);
/*
 * list [after=N] -> {"boots": [...], "next": N}, the boots that progressed last first. "next" is
 * where the next page begins, to be requested with after=N; null with the last page. A machine
 * that progresses between two pages may be missed.
 */
json_t *boot_view_list(
	const struct boot_progress *progress, int n, char *const words[], uint64_t now_ms);
/* At most `max` boots, those that progressed last first. */
json_t *boot_view_boots(const struct boot_progress *progress, size_t max, uint64_t now_ms);
json_t *boot_view_step(const struct boot_step *step, uint64_t now_ms);
/* For the page: the stages in their order with the hint of each. */
json_t *boot_view_stages(void);

json_t *boot_view_binding(const struct binding *binding, uint64_t now_ms);
json_t *boot_view_groups(const struct boot_host *host); /* NULL: none */
/* The address as text, or null. */
json_t *boot_view_address(bool has, const struct in6_addr *address);

/* The Unix time now, and of `at_ms`, a time of loop_now_ms(). */
double boot_view_now(void);
double boot_view_unix_time(uint64_t at_ms, uint64_t now_ms);

/* --- bootd as a whole ----------------------------------------------------------------------- */

/* Configuration, lease store, and the counters of the services since the start. */
json_t *boot_status_view(const struct boot_parts *parts);
/* What is wrong with it, and what to do: {"version": ..., "findings": [...]} (daemon/findings.h).
 */
json_t *boot_doctor(const struct boot_parts *parts);
/* A few sums that fit one line, for the page. */
json_t *boot_status_counters(const struct boot_parts *parts);

/*
 * The counters as metrics; `arg` is a struct boot_parts. There are as many series as types,
 * reasons, stages and pools: nothing that a client sends makes a new one.
 */
void boot_metrics_fill(void *arg, struct metrics *m);

/* --- HTTPS: boot_tls.c ------------------------------------------------------------------------ */

/* The certificates that are served and who accepts them (tls_view.h); parts->tls is not NULL. */
json_t *boot_tls_view(const struct boot_parts *parts);
/* Nothing if there is no https section. */
void boot_tls_metrics(const struct boot_parts *parts, struct metrics *m);
void boot_tls_findings(const struct boot_parts *parts, json_t *findings);

/* --- hosts ---------------------------------------------------------------------------------- */

enum {
	HOST_PAGE_ROWS = 1000,
	HOST_PAGE_LOOKUPS = 50000, /* in the binding table, for one page */
};

/* hosts [after=N] -> {"hosts": [...], "of": COUNT, "next": N}, as boot_view_list(). */
json_t *boot_host_view_page(const struct boot_config *config, const struct binding_table *bindings,
	const struct boot_progress *progress, int n, char *const words[], uint64_t now_ms);
/* The addresses that the machine has registered (RFC 9686), in the subnets of `config`. */
json_t *boot_host_view_registered(const struct boot_config *config,
	const struct binding_table *bindings, const struct machine *machine);

/* --- bindings --------------------------------------------------------------------------------- */

enum {
	LEASE_PAGE_ROWS = 1000,
	LEASE_PAGE_LOOKS = 50000, /* bindings that are looked at for one page */
};

/*
 * leases [subnet=P] [pool=P] [mac=M] [host=H] [state=S] [address=A] [after=N]
 * -> {"leases": [...], "of": COUNT, "next": N}, "next" as in boot_view_list().
 *
 * Each page is in order of address; the pages together are in no order. A binding that does not
 * change is in exactly one page; one that changes between two pages may be in both or in none.
 */
json_t *boot_lease_list(const struct boot_config *config, const struct binding_table *table, int n,
	char *const words[], uint64_t now_ms);

/* --- explain ---------------------------------------------------------------------------------- */

/*
 * What bootd would decide about a client: machine, subnet, host, class, address and boot rule, and
 * for each class and rule that does not apply, the condition that is not met. It runs the same code
 * as a real message (dhcp/decision.h). The words describe the client: explain_question.h.
 */
json_t *boot_explain(const struct boot_config *config, const struct binding_table *bindings, int n,
	char *const words[]);

#endif
