/* SPDX-License-Identifier: ISC */
/*
 * The way through a PE header. All offsets in it come from the file, and may be anything:
 *
 *	0     "MZ" ... at 0x3c the offset of the PE header
 *	  PE  "PE\0\0", COFF header: machine, sections, size of the optional header
 *	      optional header: data directories; the one of the signature has an offset and a size
 *	      section table: each row has an offset and a size
 */
#include "bootd/files/pe_image.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "dhcp6/wire.h"

enum {
	PE_OFFSET_AT = 0x3c,
	PE_SIGNATURE_LEN = 4,
	COFF_LEN = 20,
	PE32_MAGIC = 0x10b,
	PE32_DIRECTORIES_AT = 92,
	PE32_PLUS_MAGIC = 0x20b,
	PE32_PLUS_DIRECTORIES_AT = 108,
	SIGNATURE_DIRECTORY = 4,
	DIRECTORY_LEN = 8,
	SECTION_LEN = 40,
	HEADER_MAX = 8192 /* room for the optional header and 96 sections, the most there may be */
};

static uint32_t get_le32(struct wire_in *in)
{
	const uint8_t *b = wire_take(in, 4);

	return b ? b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24 : 0;
}

static uint16_t get_le16(struct wire_in *in)
{
	const uint8_t *b = wire_take(in, 2);

	return b ? (uint16_t)(b[0] | b[1] << 8) : 0;
}

static void extend(struct pe_image *image, uint64_t offset, uint64_t size)
{
	if (offset != 0 && size != 0 && offset + size > image->least_length)
		image->least_length = offset + size;
}

/* The signature is what is lost first when a copy is cut off: it stands behind all sections. */
static void read_optional_header(struct wire_in header, struct pe_image *image)
{
	uint16_t magic = get_le16(&header);
	size_t at = magic == PE32_PLUS_MAGIC ? PE32_PLUS_DIRECTORIES_AT : PE32_DIRECTORIES_AT;
	uint32_t directories, offset, size;

	wire_take(&header, at - sizeof(magic));
	directories = get_le32(&header);
	wire_take(&header, SIGNATURE_DIRECTORY * DIRECTORY_LEN);
	offset = get_le32(&header);
	size = get_le32(&header);
	if (!header.bad && directories > SIGNATURE_DIRECTORY)
		extend(image, offset, size);
}

static void read_section(struct wire_in row, struct pe_image *image)
{
	uint32_t size, offset;

	wire_take(&row, 16); /* its name, and where it goes in memory */
	size = get_le32(&row);
	offset = get_le32(&row);
	extend(image, offset, size);
}

/* `in` begins at the PE header. */
static int read_header(struct wire_in in, struct pe_image *image)
{
	const uint8_t *signature = wire_take(&in, PE_SIGNATURE_LEN);
	struct wire_in coff = wire_get_sub(&in, COFF_LEN);
	uint16_t sections, optional_len;

	if (!signature || memcmp(signature, "PE\0", PE_SIGNATURE_LEN) != 0)
		return -ENOEXEC;
	image->machine = get_le16(&coff);
	sections = get_le16(&coff);
	wire_take(&coff, 12); /* its date and its symbols */
	optional_len = get_le16(&coff);
	read_optional_header(wire_get_sub(&in, optional_len), image);
	for (unsigned i = 0; i < sections && !in.bad; i++)
		read_section(wire_get_sub(&in, SECTION_LEN), image);
	return in.bad ? -ENOEXEC : 0;
}

int pe_image_read(int fd, struct pe_image *image)
{
	uint8_t buf[HEADER_MAX];
	ssize_t len = pread(fd, buf, PE_OFFSET_AT + 4, 0);
	struct wire_in in = wire_in_of(buf, len < 0 ? 0 : (size_t)len);
	const uint8_t *dos = wire_take(&in, PE_OFFSET_AT);
	uint32_t at = get_le32(&in);

	*image = (struct pe_image){0};
	if (len < 0)
		return -errno;
	if (in.bad || memcmp(dos, "MZ", 2) != 0)
		return -ENOEXEC;
	len = pread(fd, buf, sizeof(buf), at);
	return len < 0 ? -errno : read_header(wire_in_of(buf, (size_t)len), image);
}

const char *pe_machine_name(uint16_t machine)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} known[] = {
		{0x014c, "ia32"},
		{0x01c0, "arm32"},
		{0x01c2, "arm32"},
		{0x01c4, "arm32"},
		{0x0ebc, "ebc"},
		{0x5032, "riscv32"},
		{0x5064, "riscv64"},
		{0x5128, "riscv128"},
		{0x6232, "loongarch32"},
		{0x6264, "loongarch64"},
		{0x8664, "x64"},
		{0xaa64, "arm64"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].machine == machine)
			return known[i].name;
	return NULL;
}
