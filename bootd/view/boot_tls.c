/* SPDX-License-Identifier: ISC */
/*
 * HTTPS as operators see it: the certificates that are served, and how handshakes end. A failed
 * handshake shows nothing on the machine but "network error", so it is counted and explained here.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "bootd/view/boot_view.h"
#include "daemon/findings.h"
#include "tls/tls_server.h"
#include "tls/tls_view.h"

enum { DAY_S = 86400, WARN_DAYS = 30, MISTRUST_MIN = 3 };

static json_t *certificates_view(const struct tls_credentials *credentials)
{
	size_t n = tls_credentials_count(credentials);
	const struct tls_certificate **all = calloc(n + 1, sizeof(*all));
	json_t *view = NULL;

	for (size_t i = 0; all && i < n; i++)
		all[i] = tls_credentials_at(credentials, i);
	if (all)
		view = tls_view(all, n, time(NULL));
	free(all);
	return view;
}

json_t *boot_tls_view(const struct boot_parts *parts)
{
	json_t *view = certificates_view(tls_server_credentials(parts->tls));
	struct tls_stats stats;

	tls_server_get_stats(parts->tls, &stats);
	json_object_set_new(view, "handshakes",
		json_pack("{s:I s:I s:I}", "done", (json_int_t)stats.handshakes, "failed",
			(json_int_t)stats.failed, "mistrusted", (json_int_t)stats.mistrusted));
	return view;
}

void boot_tls_metrics(const struct boot_parts *parts, struct metrics *m)
{
	const struct tls_credentials *credentials;
	struct tls_stats stats;

	if (!parts->tls)
		return;
	credentials = tls_server_credentials(parts->tls);
	tls_server_get_stats(parts->tls, &stats);
	metrics_family(m, "netboot6_boot_tls_certificate_expiry_timestamp_seconds", METRICS_GAUGE,
		"When a certificate of HTTPS, or one of its chain, expires, in seconds of Unix "
		"time.");
	for (size_t i = 0; i < tls_credentials_count(credentials); i++) {
		const struct tls_certificate *c = tls_credentials_at(credentials, i);

		metrics_sample(m, (double)c->facts.not_after, "certificate", c->file, NULL);
	}
	metrics_family(m, "netboot6_boot_tls_handshakes_total", METRICS_COUNTER,
		"TLS handshakes by result; mistrusted: the client refused our certificate.");
	metrics_sample(m, (double)stats.handshakes, "result", "done", NULL);
	metrics_sample(m, (double)(stats.failed - stats.mistrusted), "result", "failed", NULL);
	metrics_sample(m, (double)stats.mistrusted, "result", "mistrusted", NULL);
}

void boot_tls_findings(const struct boot_parts *parts, json_t *findings)
{
	const struct tls_credentials *credentials;
	struct tls_stats stats;

	if (!parts->tls)
		return;
	credentials = tls_server_credentials(parts->tls);
	tls_server_get_stats(parts->tls, &stats);
	for (size_t i = 0; i < tls_credentials_count(credentials); i++) {
		const struct tls_certificate *c = tls_credentials_at(credentials, i);
		int64_t left = c->facts.not_after - time(NULL);

		if (left < (int64_t)WARN_DAYS * DAY_S)
			finding_add(findings, left > 0 ? FINDING_WARNING : FINDING_ERROR, c->file,
				"make a new one, such as by netboot6 boot tls init, and reload",
				left > 0 ? "the certificate expires in %" PRId64 " day%s"
					 : "the certificate expired %" PRId64 " day%s ago",
				(left > 0 ? left : -left) / DAY_S,
				(left > 0 ? left : -left) / DAY_S == 1 ? "" : "s");
	}
	if (stats.mistrusted >= MISTRUST_MIN)
		finding_add(findings, FINDING_WARNING, "https",
			"netboot6 boot tls check shows who accepts the certificates; enrol their "
			"CA in the firmware of the others",
			"%" PRIu64 " handshakes ended because the client refused our certificate",
			stats.mistrusted);
}
