/* SPDX-License-Identifier: ISC */
/* Hashes as Content Security Policy Level 3 wants them: of the octets between the tags. */
#include "bootd/page/page_policy.h"

#include <errno.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { HASH_TEXT = BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1 };

static int hash_between(
	const char *html, size_t len, const char *open, const char *close, char text[HASH_TEXT])
{
	const char *start = memmem(html, len, open, strlen(open)), *end;
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx hash;

	if (!start)
		return -EINVAL;
	start += strlen(open);
	end = memmem(start, len - (size_t)(start - html), close, strlen(close));
	if (!end)
		return -EINVAL;
	sha256_init(&hash);
	sha256_update(&hash, (size_t)(end - start), (const uint8_t *)start);
	sha256_digest(&hash, sizeof(digest), digest);
	base64_encode_raw(text, sizeof(digest), digest);
	text[HASH_TEXT - 1] = '\0';
	return 0;
}

int page_policy(const char *html, size_t len, char policy[PAGE_POLICY_TEXT])
{
	char style[HASH_TEXT], script[HASH_TEXT];

	if (hash_between(html, len, "<style>", "</style>", style) < 0 ||
		hash_between(html, len, "<script>", "</script>", script) < 0)
		return -EINVAL;
	snprintf(policy, PAGE_POLICY_TEXT,
		"default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; "
		"connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
		"frame-ancestors 'none'",
		style, script);
	return 0;
}
