/* SPDX-License-Identifier: ISC */
/* page.html as it was built in; page_html.c is made of it by make. */
#ifndef NB6_BOOTD_PAGE_PAGE_HTML_H
#define NB6_BOOTD_PAGE_PAGE_HTML_H

#include <stddef.h>

extern const unsigned char page_html[];
extern const size_t page_html_len;

#endif
