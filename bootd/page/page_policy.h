/* SPDX-License-Identifier: ISC */
/*
 * The Content-Security-Policy of a page that carries its style and script itself: exactly these
 * two run, by their hashes, and nothing is loaded from elsewhere. What a machine says of itself
 * cannot become code, even if the page had an error that lets it in.
 */
#ifndef NB6_BOOTD_PAGE_PAGE_POLICY_H
#define NB6_BOOTD_PAGE_PAGE_POLICY_H

#include <stddef.h>

enum { PAGE_POLICY_TEXT = 400 };

/* Of the first <style> and the first <script> in it. Returns 0, or -EINVAL where it lacks one. */
int page_policy(const char *html, size_t len, char policy[PAGE_POLICY_TEXT]);

#endif
