/* SPDX-License-Identifier: ISC */
/*
 * Completions for bash, zsh and fish, printed from the tables. They are installed as the files
 * beside this one, which `make check` holds against what is printed here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "netboot6/usage.h"

static void print_names(const char *daemon)
{
	const char *before = "";

	for (const struct command *c = command_table; c->daemon; c++) {
		if (strcmp(c->daemon, daemon) == 0) {
			printf("%s%s", before, c->name);
			before = " ";
		}
	}
}

static void print_options(const struct command *command)
{
	const char *before = "";

	for (enum option_id id = 0; id < OPTIONS; id++) {
		if (command_has(command, id)) {
			printf("%s--%s", before, option_table[id].name);
			before = " ";
		}
	}
}

static bool is_file(enum option_id id)
{
	return id == OPTION_CONTROL || id == OPTION_CAPTURE || id == OPTION_DIRECTORY ||
	       id == OPTION_CERTIFICATE;
}

/* The words of an argument such as "init|check"; nothing for a placeholder. */
static void print_choices(const struct command *command, const char *after)
{
	if (!command->argument || !strchr(command->argument, '|'))
		return;
	for (const char *at = command->argument; *at; at++)
		putchar(*at == '|' ? ' ' : *at);
	printf("%s", after);
}

/* --- bash ------------------------------------------------------------------------- */

static void print_bash(void)
{
	printf("# bash completion for netboot6\n"
	       "_netboot6() {\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
	       "\tcase $prev in\n"
	       "\t--control | --capture | --directory | --certificate)\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	       "\t\treturn\n"
	       "\t\t;;\n"
	       "\tesac\n"
	       "\tcase ${COMP_WORDS[1]-},${COMP_WORDS[2]-},$COMP_CWORD in\n"
	       "\t*,1) words='relay boot doctor help completion' ;;\n"
	       "\tcompletion,*,2) words='bash zsh fish' ;;\n"
	       "\tdoctor,*) words='--json --control' ;;\n"
	       "\thelp,*,2) words='relay boot' ;;\n");
	for (int i = 0; i < 2; i++) {
		const char *daemon = i == 0 ? "relay" : "boot";

		printf("\t%s,*,2) words='", daemon);
		print_names(daemon);
		printf("' ;;\n\thelp,%s,3) words='", daemon);
		print_names(daemon);
		printf("' ;;\n");
	}
	for (const struct command *c = command_table; c->daemon; c++) {
		printf("\t%s,%s,*) words='", c->daemon, c->name);
		print_choices(c, " ");
		print_options(c);
		printf("' ;;\n");
	}
	printf("\tesac\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	       "}\n"
	       "complete -F _netboot6 netboot6\n");
}

/* --- zsh -------------------------------------------------------------------------- */

/* _arguments takes ':' and brackets for its own. */
static void print_zsh_text(const char *text)
{
	for (; *text; text++)
		printf("%s%c", strchr(":[]", *text) ? "\\" : "", *text);
}

static void print_zsh_options(const struct command *command)
{
	for (enum option_id id = 0; id < OPTIONS; id++) {
		const struct option_row *row = &option_table[id];

		if (!command_has(command, id))
			continue;
		printf(" \\\n\t\t\t\"--%s[", row->name);
		print_zsh_text(row->help);
		printf("]");
		if (row->value)
			printf(":%s:%s", row->value, is_file(id) ? "_files" : "");
		printf("\"");
	}
	if (command->argument && strchr(command->argument, '|')) {
		printf(" \\\n\t\t\t\":action:(");
		print_choices(command, ")\"");
	} else if (command->argument) {
		printf(" \\\n\t\t\t\":%s:\"", command->argument);
	}
	printf("\n\t\t;;\n");
}

static void print_zsh(void)
{
	printf("#compdef netboot6\n"
	       "# zsh completion for netboot6\n"
	       "_netboot6() {\n"
	       "\tlocal -a commands\n"
	       "\tif (( CURRENT == 2 )); then\n"
	       "\t\tcommands=(relay boot doctor help completion)\n"
	       "\t\t_describe daemon commands\n"
	       "\t\treturn\n"
	       "\tfi\n"
	       "\tif [[ $words[2] == completion ]]; then\n"
	       "\t\tcommands=(bash zsh fish)\n"
	       "\t\t_describe shell commands\n"
	       "\t\treturn\n"
	       "\tfi\n"
	       "\tif [[ $words[2] == doctor ]]; then\n"
	       "\t\tshift words\n"
	       "\t\t(( CURRENT-- ))\n"
	       "\t\t_arguments --json \"--control:PATH:_files\"\n"
	       "\t\treturn\n"
	       "\tfi\n"
	       "\tif [[ $words[2] == help ]]; then\n"
	       "\t\tshift words\n"
	       "\t\t(( CURRENT-- ))\n"
	       "\t\tif (( CURRENT == 2 )); then\n"
	       "\t\t\tcommands=(relay boot)\n"
	       "\t\t\t_describe daemon commands\n"
	       "\t\t\treturn\n"
	       "\t\tfi\n"
	       "\tfi\n"
	       "\tif (( CURRENT == 3 )); then\n"
	       "\t\tcase $words[2] in\n"
	       "\t\trelay) commands=(");
	print_names("relay");
	printf(") ;;\n\t\tboot) commands=(");
	print_names("boot");
	printf(") ;;\n"
	       "\t\tesac\n"
	       "\t\t_describe command commands\n"
	       "\t\treturn\n"
	       "\tfi\n"
	       "\tcase $words[2]-$words[3] in\n");
	for (const struct command *c = command_table; c->daemon; c++) {
		printf("\t%s-%s)\n\t\tshift 2 words\n\t\t(( CURRENT -= 2 ))\n\t\t_arguments",
			c->daemon, c->name);
		print_zsh_options(c);
	}
	printf("\tesac\n}\n_netboot6 \"$@\"\n");
}

/* --- fish ------------------------------------------------------------------------- */

static void print_fish_command(const struct command *command)
{
	printf("complete -c netboot6 -n '__fish_seen_subcommand_from %s; and not "
	       "__fish_seen_subcommand_from ",
		command->daemon);
	print_names(command->daemon);
	printf("' -a %s -d \"%s\"\n", command->name, command->help);
}

static void print_fish_options(const struct command *command)
{
	if (command->argument && strchr(command->argument, '|')) {
		printf("complete -c netboot6 -n '__fish_seen_subcommand_from %s; and "
		       "__fish_seen_subcommand_from %s' -a '",
			command->daemon, command->name);
		print_choices(command, "'\n");
	}
	for (enum option_id id = 0; id < OPTIONS; id++) {
		const struct option_row *row = &option_table[id];

		if (!command_has(command, id))
			continue;
		printf("complete -c netboot6 -n '__fish_seen_subcommand_from %s; and "
		       "__fish_seen_subcommand_from %s' -l %s%s -d \"%s\"\n",
			command->daemon, command->name, row->name,
			is_file(id)  ? " -r -F"
			: row->value ? " -x"
				     : "",
			row->help);
	}
}

static void print_fish(void)
{
	printf("# fish completion for netboot6\n"
	       "complete -c netboot6 -f\n"
	       "complete -c netboot6 -n __fish_use_subcommand -a 'relay boot doctor help "
	       "completion'\n"
	       "complete -c netboot6 -n '__fish_seen_subcommand_from doctor' -l json\n"
	       "complete -c netboot6 -n '__fish_seen_subcommand_from doctor' -l control -r -F\n"
	       "complete -c netboot6 -n '__fish_seen_subcommand_from completion' -a 'bash zsh "
	       "fish'\n");
	for (const struct command *c = command_table; c->daemon; c++) {
		print_fish_command(c);
		print_fish_options(c);
	}
}

int usage_print_completion(const char *shell)
{
	static const struct {
		const char *shell;
		void (*print)(void);
	} rows[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].shell, shell) == 0) {
			rows[i].print();
			return 0;
		}
	}
	return -EINVAL;
}
