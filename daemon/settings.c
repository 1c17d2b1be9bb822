/* SPDX-License-Identifier: ISC */
#include "daemon/settings.h"

#include <pwd.h>
#include <string.h>

#include "daemon/config.h"

static int check_log(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *format = cfg_opt_getnstr(opt, 0);

	if (strcmp(format, "text") == 0 || strcmp(format, "json") == 0)
		return 0;
	return config_error(cfg, "log: \"%s\" is unknown; expected text or json", format);
}

static int check_user(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *user = cfg_opt_getnstr(opt, 0);

	if (getpwnam(user))
		return 0;
	return config_error(cfg,
		"user: there is no user \"%s\"; expected one of this system, for example \"nobody\"",
		user);
}

void daemon_settings_expect(struct cfg_t *cfg)
{
	cfg_set_validate_func(cfg, "log", check_log);
	cfg_set_validate_func(cfg, "user", check_user);
}

void daemon_settings_copy(struct cfg_t *cfg, struct daemon_settings *settings)
{
	settings->quiet = cfg_getbool(cfg, "quiet");
	settings->debug = cfg_getbool(cfg, "debug");
	settings->log_format = strcmp(cfg_getstr(cfg, "log"), "json") == 0 ? LOG_JSON : LOG_TEXT;
}
