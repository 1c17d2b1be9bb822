/* SPDX-License-Identifier: ISC */
/*
 * The first certificate has the names and the key; the whole chain decides the times, the strength
 * and the fault: tls_facts_find() goes through it from the server's certificate to the last CA, and
 * the weakest link counts.
 */
#include "tls/tls_facts.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "util/text_buffer.h"

/* One line, RFC 2253, with everything escaped that is not printable ASCII. */
static void print_name(const X509_NAME *name, char text[TLS_NAME])
{
	BIO *out = BIO_new(BIO_s_mem());
	int len = 0;

	if (out && X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253) >= 0)
		len = BIO_read(out, text, TLS_NAME - 1);
	text[len > 0 ? len : 0] = '\0';
	BIO_free(out);
}

static void add_address(struct text_buffer *text, const ASN1_OCTET_STRING *ip)
{
	char address[INET6_ADDRSTRLEN];
	int len = ASN1_STRING_length(ip);

	if ((len == 4 || len == 16) && inet_ntop(len == 4 ? AF_INET : AF_INET6,
					       ASN1_STRING_get0_data(ip), address, sizeof(address)))
		text_add_word(text, address);
}

static void add_names(X509 *own, char names[TLS_NAMES])
{
	GENERAL_NAMES *all = X509_get_ext_d2i(own, NID_subject_alt_name, NULL, NULL);
	struct text_buffer text = text_buffer_of(names, TLS_NAMES);

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);

		if (name->type == GEN_IPADD) {
			add_address(&text, name->d.iPAddress);
		} else if (name->type == GEN_DNS) {
			if (text.len > 0)
				text_add(&text, " ");
			text_add_octets(&text, ASN1_STRING_get0_data(name->d.dNSName),
				(size_t)ASN1_STRING_length(name->d.dNSName), '?');
		}
	}
	GENERAL_NAMES_free(all);
}

static void describe_key(EVP_PKEY *key, struct tls_facts *facts)
{
	struct text_buffer text = text_buffer_of(facts->key, sizeof(facts->key));
	char group[32] = "";

	facts->key_bits = (unsigned)EVP_PKEY_get_bits(key);
	facts->kind = EVP_PKEY_is_a(key, "RSA")  ? TLS_KEY_RSA
		      : EVP_PKEY_is_a(key, "EC") ? TLS_KEY_ECDSA
						 : TLS_KEY_OTHER;
	if (facts->kind == TLS_KEY_RSA) {
		text_addf(&text, "RSA %u", facts->key_bits);
	} else if (facts->kind == TLS_KEY_ECDSA) {
		EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
		text_addf(&text, "ECDSA %s",
			strcmp(group, "prime256v1") == 0  ? "P-256"
			: strcmp(group, "secp384r1") == 0 ? "P-384"
			: strcmp(group, "secp521r1") == 0 ? "P-521"
							  : group);
	} else {
		text_add(&text, EVP_PKEY_get0_type_name(key));
	}
}

static void describe_signature(X509 *own, struct tls_facts *facts)
{
	const char *name = OBJ_nid2sn(X509_get_signature_nid(own));
	struct text_buffer text = text_buffer_of(facts->signature, sizeof(facts->signature));

	text_add(&text, name ? name : "unknown");
}

static bool is_self_signed(X509 *x)
{
	return X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
}

static int64_t seconds_of(const ASN1_TIME *at)
{
	struct tm tm = {0};

	return ASN1_TIME_to_tm(at, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* The strength of one link of the chain. A trust anchor's own signature is not checked. */
static void weigh(X509 *x, struct tls_facts *facts)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	int bits = key ? EVP_PKEY_get_security_bits(key) : 0, signature = 0;
	int64_t from = seconds_of(X509_get0_notBefore(x));
	int64_t until = seconds_of(X509_get0_notAfter(x));

	if (!is_self_signed(x) && X509_get_signature_info(x, NULL, NULL, &signature, NULL) == 1 &&
		signature < bits)
		bits = signature;
	if (bits < 0)
		bits = 0;
	if ((unsigned)bits < facts->security_bits)
		facts->security_bits = (unsigned)bits;
	if (from > facts->not_before)
		facts->not_before = from;
	if (until < facts->not_after)
		facts->not_after = until;
}

void tls_facts_find(X509 *own, const STACK_OF(X509) * chain, struct tls_facts *facts)
{
	EVP_PKEY *key = X509_get0_pubkey(own);
	X509 *before = own;

	*facts = (struct tls_facts){.security_bits = ~0U,
		.chain = 1 + (unsigned)sk_X509_num(chain),
		.is_self_signed = is_self_signed(own),
		.is_for_servers = X509_check_purpose(own, X509_PURPOSE_SSL_SERVER, 0) == 1,
		.kind = TLS_KEY_OTHER,
		.not_before = INT64_MIN,
		.not_after = INT64_MAX};
	print_name(X509_get_subject_name(own), facts->subject);
	print_name(X509_get_issuer_name(own), facts->issuer);
	add_names(own, facts->names);
	describe_signature(own, facts);
	if (key)
		describe_key(key, facts);
	weigh(own, facts);
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *next = sk_X509_value(chain, i);

		if (X509_check_issued(next, before) != X509_V_OK)
			facts->fault = "a certificate of the chain was not issued by the one "
				       "behind it";
		weigh(next, facts);
		before = next;
	}
	if (!facts->fault && !facts->is_for_servers)
		facts->fault = "its key usage does not allow a TLS server";
	if (!facts->fault && !*facts->names)
		facts->fault = "it has no subject alternative name, and clients do not look at "
			       "the common name";
	ERR_clear_error();
}
