/* SPDX-License-Identifier: ISC */
/*
 * `${name}` in boot URLs and in iPXE scripts.
 *
 * A name that the caller's lookup knows is replaced by its value, which is not
 * expanded again. Everything else stays for iPXE, whose own settings have the
 * same syntax: unknown names, and names that are not plain, such as ${net0/mac}
 * or ${mac:hexhyp}.
 *
 * A value with a control character is refused: each line of a script is a
 * command, and a value must not begin a new one.
 */
#ifndef NB6_BOOTD_FILES_TEMPLATE_H
#define NB6_BOOTD_FILES_TEMPLATE_H

#include <stddef.h>
#include <sys/types.h>

/* A plain name is 1 to 63 of [A-Za-z0-9_.-]. */
enum { TEMPLATE_NAME_SIZE = 64 };

/* The value of `name`, valid until the expansion ends; NULL: unknown, left for iPXE. */
typedef const char *template_lookup_fn(void *ctx, const char *name);

/*
 * Expand `len` octets of `text` into `out`, which is NUL-terminated.
 * `culprit` may be NULL; it gets the name that -EINVAL is about.
 *
 * Returns the length of the result; -ENOBUFS if it does not fit in `size`
 * octets with its NUL; -EINVAL if a value has a control character.
 */
ssize_t template_expand(const char *text, size_t len, template_lookup_fn *lookup, void *ctx,
	char *out, size_t size, char culprit[TEMPLATE_NAME_SIZE]);

/*
 * The first plain name in `text` at or after *pos that `lookup` does not know,
 * for warnings when a configuration is checked. Copies it to `name`, moves
 * *pos behind it and returns 1; 0 if there is none left.
 */
int template_next_unknown(const char *text, size_t len, size_t *pos, template_lookup_fn *lookup,
	void *ctx, char name[TEMPLATE_NAME_SIZE]);

#endif
