/* SPDX-License-Identifier: ISC */
#include "daemon/settings.h"

#include <pwd.h>
#include <string.h>

#include "daemon/config.h"

static int check_log(struct config_section *cfg, struct config_setting *setting)
{
	const char *format = config_last_text(setting);

	if (strcmp(format, "text") == 0 || strcmp(format, "json") == 0)
		return 0;
	return config_error(cfg, "log: \"%s\" is unknown; expected text or json", format);
}

static int check_user(struct config_section *cfg, struct config_setting *setting)
{
	const char *user = config_last_text(setting);

	if (getpwnam(user))
		return 0;
	return config_error(cfg,
		"user: there is no user \"%s\"; expected one of this system, for example \"nobody\"",
		user);
}

void daemon_settings_expect(struct config_section *cfg)
{
	config_set_check(cfg, "log", check_log);
	config_set_check(cfg, "user", check_user);
}

void daemon_settings_copy(struct config_section *cfg, struct daemon_settings *settings)
{
	settings->quiet = config_bool(cfg, "quiet");
	settings->debug = config_bool(cfg, "debug");
	settings->log_format = strcmp(config_text(cfg, "log"), "json") == 0 ? LOG_JSON : LOG_TEXT;
}
