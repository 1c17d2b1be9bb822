/* SPDX-License-Identifier: ISC */
#include "bootd/dhcp/drop.h"

const char *exchange_drop_name(enum exchange_drop drop)
{
	static const char *const name_of[] = {
#define EXCHANGE_DROP_NAME(code, name, text) [code] = name,
		EXCHANGE_DROP_LIST(EXCHANGE_DROP_NAME)
#undef EXCHANGE_DROP_NAME
	};

	return name_of[drop];
}

const char *exchange_drop_text(enum exchange_drop drop)
{
	static const char *const text_of[] = {
#define EXCHANGE_DROP_TEXT(code, name, text) [code] = text,
		EXCHANGE_DROP_LIST(EXCHANGE_DROP_TEXT)
#undef EXCHANGE_DROP_TEXT
	};

	return text_of[drop];
}
