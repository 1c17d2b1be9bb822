/* SPDX-License-Identifier: ISC */
/*
 * A datagram through the whole codec and back: read down to single options
 * with the readers, written again with the writers. Whoever calls it compares
 * the octets; a difference is a reader or a writer that lies.
 */
#ifndef NB6_TESTS_UNIT_REENCODE_H
#define NB6_TESTS_UNIT_REENCODE_H

#include "dhcp6/wire.h"

/*
 * Returns 0 and `out` with what must be the same octets, or -EBADMSG where
 * the outermost message is malformed. A malformed message or option inside
 * it is copied as it stands.
 */
int reencode(struct wire_in datagram, struct wire_out *out);

#endif
