/* SPDX-License-Identifier: ISC */
/*
 * Records are in a hash table by machine, in a list by their last step, and in a list per rank,
 * from which the oldest is forgotten if there are too many. Each message and each fetch moves the
 * machine's record to a stage and becomes a step there (boot_record.h).
 */
#include "bootd/progress/boot_progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dhcp6/names.h"
#include "util/text_buffer.h"

/* Of a stage, and of a whole boot, in seconds. */
static const double bounds_s[] = {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800};

int boot_progress_init(struct boot_progress *progress, size_t strangers)
{
	const struct histogram empty = {
		.bound = bounds_s, .bounds = sizeof(bounds_s) / sizeof(bounds_s[0])};

	*progress =
		(struct boot_progress){.strangers_max = strangers ? strangers : BOOT_STRANGERS_MAX,
			.known_max = BOOT_KNOWN_SPARE,
			.slots = 16,
			.boot_s = empty};
	for (int stage = 0; stage < BOOT_STAGES; stage++)
		progress->stage_s[stage] = empty;
	while (progress->slots < progress->strangers_max + progress->known_max)
		progress->slots *= 2;
	siphash_key_random(&progress->key);
	progress->slot = calloc(progress->slots, sizeof(*progress->slot));
	return progress->slot ? 0 : -ENOMEM;
}

static struct boot_record **slot_of(
	const struct boot_progress *progress, const struct machine *machine)
{
	return &progress->slot[siphash(&progress->key, machine->octets, machine->len) &
			       (progress->slots - 1)];
}

void boot_progress_set_hosts(struct boot_progress *progress, size_t hosts)
{
	progress->known_max = hosts + BOOT_KNOWN_SPARE;
}

static void list_add(struct boot_progress *progress, struct boot_record *record)
{
	record->newer = NULL;
	record->older = progress->newest;
	*(record->older ? &record->older->newer : &progress->oldest) = record;
	progress->newest = record;
}

static void list_remove(struct boot_progress *progress, struct boot_record *record)
{
	*(record->newer ? &record->newer->older : &progress->newest) = record->older;
	*(record->older ? &record->older->newer : &progress->oldest) = record->newer;
}

static void rank_add(struct boot_progress *progress, struct boot_record *record)
{
	struct boot_rank_list *list = &progress->rank[record->rank];

	record->rank_newer = NULL;
	record->rank_older = list->newest;
	*(record->rank_older ? &record->rank_older->rank_newer : &list->oldest) = record;
	list->newest = record;
	list->count++;
}

static void rank_remove(struct boot_progress *progress, struct boot_record *record)
{
	struct boot_rank_list *list = &progress->rank[record->rank];

	*(record->rank_newer ? &record->rank_newer->rank_older : &list->newest) =
		record->rank_older;
	*(record->rank_older ? &record->rank_older->rank_newer : &list->oldest) =
		record->rank_newer;
	list->count--;
}

static void forget(struct boot_progress *progress, struct boot_record *record)
{
	struct boot_record **place = slot_of(progress, &record->machine);

	while (*place != record)
		place = &(*place)->next_in_slot;
	*place = record->next_in_slot;
	list_remove(progress, record);
	rank_remove(progress, record);
	boot_record_clear_steps(record);
	free(record->host);
	free(record);
	progress->count--;
}

void boot_progress_fini(struct boot_progress *progress)
{
	while (progress->newest)
		forget(progress, progress->newest);
	free(progress->slot);
	*progress = (struct boot_progress){0};
}

static struct boot_record *find(const struct boot_progress *progress, const struct machine *machine)
{
	struct boot_record *record = *slot_of(progress, machine);

	while (record && !machine_equal(&record->machine, machine))
		record = record->next_in_slot;
	return record;
}

const struct boot_record *boot_progress_find(
	const struct boot_progress *progress, const struct machine *machine)
{
	return find(progress, machine);
}

const struct boot_record *boot_progress_next(
	const struct boot_progress *progress, const struct boot_record *after)
{
	return after ? after->older : progress->newest;
}

/* Forget records of the two ranks from `lowest` on until there are at most `max`; never `kept`. */
static void make_room(struct boot_progress *progress, enum boot_rank lowest, size_t max,
	const struct boot_record *kept)
{
	struct boot_rank_list *asked = &progress->rank[lowest], *fetched = asked + 1;

	while (asked->count + fetched->count > max) {
		struct boot_record *oldest = asked->oldest;

		if (!oldest || oldest == kept)
			oldest = fetched->oldest && fetched->oldest != kept ? fetched->oldest
									    : oldest;
		if (!oldest || oldest == kept)
			return;
		forget(progress, oldest);
		progress->forgotten++;
	}
}

/* Set the rank by what is known of the machine now, and forget others if there are too many. */
static void update_rank(struct boot_progress *progress, struct boot_record *record)
{
	rank_remove(progress, record);
	record->rank = record->host          ? record->has_fetched ? RANK_KNOWN_FETCHED : RANK_KNOWN
		       : record->has_fetched ? RANK_FETCHED
					     : RANK_ASKED;
	rank_add(progress, record);
	make_room(progress, RANK_ASKED, progress->strangers_max, record);
	make_room(progress, RANK_KNOWN, progress->known_max, record);
}

/*
 * The machine's record, made if there is none, as the newest of all. The caller adds what it knows
 * of the machine and calls update_rank(). NULL: no memory.
 */
static struct boot_record *touch(
	struct boot_progress *progress, const struct machine *machine, uint64_t now_ms)
{
	struct boot_record *record = find(progress, machine);

	if (record) {
		list_remove(progress, record);
		list_add(progress, record);
		return record;
	}
	record = calloc(1, sizeof(*record));
	if (!record)
		return NULL;
	record->machine = *machine;
	record->began_ms = record->last_ms = now_ms;
	record->next_in_slot = *slot_of(progress, machine);
	*slot_of(progress, machine) = record;
	list_add(progress, record);
	rank_add(progress, record);
	progress->count++;
	return record;
}

/* A machine of which only messages of its operating system were seen is at no stage of a boot. */
static void observe_stage(struct boot_progress *progress, const struct boot_record *record,
	enum boot_stage stage, uint64_t now_ms)
{
	if (record->stage <= STAGE_SYSTEM)
		return;
	histogram_add(&progress->stage_s[stage], (double)(now_ms - record->stage_ms) / 1000, 1);
	if (stage == STAGE_BOOTED)
		histogram_add(&progress->boot_s, (double)(now_ms - record->began_ms) / 1000, 1);
}

/*
 * If a machine returns to an earlier stage in which it asks, it starts over. Repeated messages in
 * the same stage do not start over, and neither do messages of the operating system.
 */
static void enter_stage(struct boot_progress *progress, struct boot_record *record,
	enum boot_stage stage, uint64_t now_ms)
{
	bool is_start = stage == STAGE_FIRMWARE_ASKS || stage == STAGE_IPXE_ASKS;
	bool is_over = now_ms - record->last_ms > BOOT_OVER_MS;

	if (record->boots == 0 || is_over || (is_start && stage < record->stage)) {
		boot_record_clear_steps(record);
		record->stage = STAGE_UNKNOWN;
		record->began_ms = now_ms;
		record->bytes = 0;
		record->boots++;
	}
	if (stage > record->stage) {
		observe_stage(progress, record, stage, now_ms);
		record->stage = stage;
		record->stage_ms = now_ms;
		progress->reached[stage]++;
	}
	record->last_ms = now_ms;
}

static void add_step(struct boot_progress *progress, struct boot_record *record, uint64_t now_ms,
	bool is_same_go_on, const char *text, const char *result, bool failed)
{
	const struct boot_step *step =
		boot_record_put_step(record, now_ms, is_same_go_on, text, result, failed);

	if (step && progress->on_step)
		progress->on_step(progress->on_step_arg, record, step);
}

enum boot_stage boot_progress_stage_of(const struct exchange_event *event)
{
	bool asks = event->facts->type == DHCP6_SOLICIT || !event->with_boot_url;

	switch (firmware_of(event->facts)) {
	case FIRMWARE_NONE:
		return STAGE_SYSTEM;
	case FIRMWARE_IPXE:
		return asks ? STAGE_IPXE_ASKS : STAGE_IPXE_ADDRESSED;
	default:
		return asks ? STAGE_FIRMWARE_ASKS : STAGE_FIRMWARE_ADDRESSED;
	}
}

static void add_result(struct text_buffer *buffer, const struct exchange_event *event)
{
	const struct decision *decision = event->decision;
	char address[INET6_ADDRSTRLEN];

	text_add(buffer, dhcp6_message_name(event->answer_type));
	if (event->with_address)
		text_add_word(buffer, dhcp6_address_format(&decision->address.address, address));
	if (event->with_boot_url)
		text_add_word(buffer, decision->boot.url);
	if (event->status)
		text_add_word(buffer, dhcp6_status_name(event->status));
}

static void remember_client(struct boot_record *record, const struct exchange_event *event)
{
	const struct decision *decision = event->decision;
	uint16_t code;

	record->unknown_archs += firmware_unknown_arch(event->facts, &code);
	record->mac_source = event->facts->mac_source;
	record->subnet = decision->subnet->prefix;
	record->has_subnet = true;
	record->unverified_macs += client_mac_is_hint(record->mac_source);
	if (record->host || decision->host) {
		free(record->host);
		record->host = decision->host ? strdup(decision->host->name) : NULL;
	}
	if (event->with_address) {
		record->address = decision->address.address;
		record->has_address = true;
	}
}

/* A Release does not change the stage: the firmware sends it before it starts what it has loaded.
 */
const struct boot_record *boot_progress_exchange(
	struct boot_progress *progress, const struct exchange_event *event)
{
	char step_text[BOOT_STEP_TEXT], step_result[BOOT_STEP_TEXT];
	struct text_buffer text = text_buffer_of(step_text, sizeof(step_text));
	struct text_buffer result = text_buffer_of(step_result, sizeof(step_result));
	char firmware[FIRMWARE_TEXT];
	struct boot_record *record;

	if (event->decision->machine.len == 0)
		return NULL;
	record = touch(progress, &event->decision->machine, event->now_ms);
	if (!record)
		return NULL;
	remember_client(record, event);
	update_rank(progress, record);
	enter_stage(progress, record,
		event->facts->type == DHCP6_RELEASE ? record->stage : boot_progress_stage_of(event),
		event->now_ms);
	text_add(&text, firmware_format(event->facts, firmware));
	text_add_word(&text, dhcp6_message_name(event->facts->type));
	add_result(&result, event);
	add_step(progress, record, event->now_ms, false, step_text, step_result,
		event->status != DHCP6_STATUS_SUCCESS);
	return record;
}

/* After a message of iPXE, iPXE is what fetches. */
static enum boot_stage stage_of_fetch(const struct boot_record *record)
{
	return record->stage >= STAGE_IPXE_ASKS ? STAGE_IPXE_FETCHES : STAGE_FIRMWARE_FETCHES;
}

static void add_fetched(struct text_buffer *buffer, const struct fetch_event *event)
{
	if (event->outcome == FETCH_STARTED) {
		text_addf(buffer, "of %" PRIu64 " octets", event->size);
		return;
	}
	text_add(buffer, fetch_outcome_name(event->outcome));
	if (event->error) {
		text_add(buffer, ": ");
		text_add(buffer, event->error);
	}
	text_addf(
		buffer, ", %" PRIu64 " octets in %" PRIu64 " ms", event->bytes, event->duration_ms);
}

void boot_progress_fetch(struct boot_progress *progress, const struct machine *machine,
	const struct fetch_event *event, uint64_t now_ms)
{
	struct boot_record *record;
	char step_text[BOOT_STEP_TEXT], step_result[BOOT_STEP_TEXT];
	struct text_buffer text = text_buffer_of(step_text, sizeof(step_text));
	struct text_buffer result = text_buffer_of(step_result, sizeof(step_result));

	record = event->outcome == FETCH_PROBED ? NULL : touch(progress, machine, now_ms);
	if (!record)
		return;
	record->has_fetched = true;
	update_rank(progress, record);
	enter_stage(progress, record, stage_of_fetch(record), now_ms);
	text_add(&text, fetch_kind_name(event->kind));
	text_add(&text, " ");
	text_add_octets(&text, (const uint8_t *)event->path, strlen(event->path), '?');
	add_fetched(&result, event);
	if (event->outcome != FETCH_STARTED)
		record->bytes += event->bytes;
	add_step(progress, record, now_ms, event->outcome == FETCH_DONE, step_text, step_result,
		event->outcome == FETCH_FAILED);
}

const struct boot_record *boot_progress_booted(
	struct boot_progress *progress, const struct machine *machine, uint64_t now_ms)
{
	struct boot_record *record = find(progress, machine);
	char step_text[BOOT_STEP_TEXT], step_result[BOOT_STEP_TEXT];
	struct text_buffer text = text_buffer_of(step_text, sizeof(step_text));
	struct text_buffer result = text_buffer_of(step_result, sizeof(step_result));

	if (!record)
		return NULL;
	touch(progress, machine, now_ms);
	enter_stage(progress, record, STAGE_BOOTED, now_ms);
	text_add(&text, "booted");
	text_addf(&result, "%" PRIu64 " ms after it began", now_ms - record->began_ms);
	add_step(progress, record, now_ms, false, step_text, step_result, false);
	return record;
}
