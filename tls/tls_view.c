/* SPDX-License-Identifier: ISC */
/*
 * Two steps: each kind of client gets a verdict about the certificates, and all of it becomes JSON.
 * The verdicts know neither files nor OpenSSL: they decide by struct tls_facts.
 */
#include "tls/tls_view.h"

#include <stdlib.h>

/* --- who accepts a certificate ------------------------------------------------ */

/*
 * EDK2 until 2022 was built without elliptic curves (tianocore/edk2 issue 8995; Debian 12's OVMF is
 * of 2022.11). From edk2-stable202511 to 202605 it verified at OpenSSL's security level 3, which
 * wants 128 bits: RSA-3072 or P-256 (pull requests 11534 and 12681). iPXE has ECDSA since 2.0
 * (issue 1179). GRUB has an HTTP client without TLS.
 */
static const struct {
	const char *client;
	bool has_tls, has_ecdsa;
	unsigned security_bits;
} kind[] = {
	{"UEFI HTTPS Boot, EDK2 until 2022", true, false, 112},
	{"UEFI HTTPS Boot, EDK2 2023 to 2025-08", true, true, 112},
	{"UEFI HTTPS Boot, EDK2 2025-11 to 2026-05", true, true, 128},
	{"UEFI HTTPS Boot, EDK2 2026-08 and newer", true, true, 112},
	{"iPXE before 2.0", true, false, 0},
	{"iPXE 2.0 and newer", true, true, 0},
	{"GRUB", false, false, 0},
	{"curl, wget and other programs with OpenSSL", true, true, 112},
};

size_t tls_firmware_count(void)
{
	return sizeof(kind) / sizeof(kind[0]);
}

/* NULL: this kind of client accepts it. */
static const char *refusal(size_t i, const struct tls_facts *facts, int64_t now)
{
	if (facts->fault)
		return facts->fault;
	if (now >= facts->not_after)
		return "the certificate, or one of its chain, has expired";
	if (now < facts->not_before)
		return "the certificate, or one of its chain, is not valid yet";
	if (facts->security_bits < kind[i].security_bits)
		return kind[i].security_bits == 128
			       ? "too weak: it wants RSA with 3072 bits or ECDSA P-256, and "
				 "signatures with SHA-256, in the whole chain"
			       : "too weak: it wants RSA with 2048 bits or ECDSA, and signatures "
				 "with SHA-256, in the whole chain";
	return NULL;
}

struct tls_verdict tls_firmware_verdict(
	size_t i, const struct tls_facts *const *facts, size_t n, int64_t now)
{
	struct tls_verdict verdict = {.client = kind[i].client,
		.why = "it has no TLS: give it "
		       "http:// or tftp:// URLs"};
	bool has_kind[TLS_KEY_OTHER + 1] = {false};

	if (!kind[i].has_tls)
		return verdict;
	verdict.why = kind[i].has_ecdsa ? "it has RSA and ECDSA only"
					: "it has RSA only: add an RSA certificate";
	for (size_t k = 0; k < n; k++) {
		/* Of each type it gets the first one. */
		if (has_kind[facts[k]->kind] || facts[k]->kind == TLS_KEY_OTHER ||
			(facts[k]->kind == TLS_KEY_ECDSA && !kind[i].has_ecdsa))
			continue;
		has_kind[facts[k]->kind] = true;
		verdict.why = refusal(i, facts[k], now);
		if (!verdict.why) {
			verdict.given = facts[k];
			break;
		}
	}
	return verdict;
}

/* --- JSON ----------------------------------------------------------------------- */

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
