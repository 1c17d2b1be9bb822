/* SPDX-License-Identifier: ISC */
/*
 * `${name}` in boot URLs and in iPXE scripts.
 *
 * A name that the caller's lookup knows is replaced by its value, as it
 * stands and once: values are not expanded again. Everything else is left for
 * iPXE, whose own settings are written the same way: unknown names, and
 * whatever is no plain name, such as ${net0/mac} or ${mac:hexhyp}.
 *
 * A value with a control character in it is refused: a script's lines are
 * commands, and nobody's value starts a new one.
 */
#ifndef NB6_BOOTD_FILES_TEMPLATE_H
#define NB6_BOOTD_FILES_TEMPLATE_H

#include <stddef.h>
#include <sys/types.h>

/* A plain name is 1 to 63 of [A-Za-z0-9_.-]. */
enum { TEMPLATE_NAME_SIZE = 64 };

/* The value of `name`, valid until the expansion is done; NULL: not ours. */
typedef const char *template_lookup_fn(void *ctx, const char *name);

/*
 * Expand `len` octets of `text` into `out`, which is NUL-terminated.
 * `culprit` may be NULL; it gets the name that -EINVAL is about.
 *
 * Returns the length of the result; -ENOBUFS when it does not fit in `size`
 * octets with its NUL; -EINVAL when a value has a control character.
 */
ssize_t template_expand(const char *text, size_t len, template_lookup_fn *lookup, void *ctx,
	char *out, size_t size, char culprit[TEMPLATE_NAME_SIZE]);

/*
 * The first plain name in `text` at or after *pos which `lookup` does not
 * know, for warnings when a configuration is checked. Copies it to `name`,
 * moves *pos past it and returns 1; 0 when there is none left.
 */
int template_next_unknown(const char *text, size_t len, size_t *pos, template_lookup_fn *lookup,
	void *ctx, char name[TEMPLATE_NAME_SIZE]);

#endif
