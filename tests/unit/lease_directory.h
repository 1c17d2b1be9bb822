/* SPDX-License-Identifier: ISC */
/* A directory of a test's own, with the file of a lease store in it. */
#ifndef NB6_TESTS_UNIT_LEASE_DIRECTORY_H
#define NB6_TESTS_UNIT_LEASE_DIRECTORY_H

/* Where the file is to be; made by the test. */
extern char lease_file[96];

/* cmocka's set-up and tear-down; the latter fails where anything but the store's is left. */
int lease_directory_make(void **state);
int lease_directory_remove(void **state);

#endif
