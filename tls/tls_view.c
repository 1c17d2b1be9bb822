/* SPDX-License-Identifier: ISC */
#include "tls/tls_view.h"

#include <stdlib.h>

#include "tls/tls_firmware.h"

enum { DAY_S = 86400 };

static json_t *certificate_json(const struct tls_certificate *c, int64_t now)
{
	const struct tls_facts *f = &c->facts;

	return json_pack("{s:s s:s s:s s:s s:s s:s s:i s:I s:I s:I s:s?}", "file", c->file,
		"subject", f->subject, "issuer", f->issuer, "names", f->names, "key", f->key,
		"signature", f->signature, "chain", (int)f->chain, "not-before",
		(json_int_t)f->not_before, "not-after", (json_int_t)f->not_after, "days-left",
		(json_int_t)((f->not_after - now) / DAY_S), "fault", f->fault);
}

static json_t *client_json(size_t i, const struct tls_facts *const *facts, size_t n, int64_t now)
{
	struct tls_verdict verdict = tls_firmware_verdict(i, facts, n, now);

	return json_pack("{s:s s:b s:s? s:s?}", "client", verdict.client, "accepts",
		verdict.given != NULL, "gets", verdict.given ? verdict.given->key : NULL, "reason",
		verdict.given ? NULL : verdict.why);
}

json_t *tls_view(const struct tls_certificate *const *certificate, size_t n, int64_t now)
{
	const struct tls_facts **facts = calloc(n + 1, sizeof(*facts));
	json_t *certificates = json_array(), *clients = json_array();
	bool is_ok = true;

	for (size_t i = 0; facts && i < n; i++) {
		facts[i] = &certificate[i]->facts;
		is_ok = is_ok && !facts[i]->fault && now < facts[i]->not_after;
		json_array_append_new(certificates, certificate_json(certificate[i], now));
	}
	for (size_t i = 0; facts && i < tls_firmware_count(); i++)
		json_array_append_new(clients, client_json(i, facts, n, now));
	free(facts);
	return json_pack(
		"{s:b s:o s:o}", "ok", is_ok, "certificates", certificates, "clients", clients);
}
