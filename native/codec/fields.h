/* fields: a message's fields, written once, expanded three times.
 *
 * A codec lists the fields of a message as FIELD(kind, offset, size, name) lines, name being the member of
 * the message's struct and size its bytes on the wire.  FIELD_DECODE, FIELD_ENCODE and FIELD_DESCRIBE turn
 * each line into a load, a store and an entry of the layout; the function they expand in has `data` (the
 * wire) and `part` (the struct). */
#pragma once
#include "codec/bytes.h"
#include "tickwire/codec_layout.h"

#define LOAD_1(data)         (*(data))
#define LOAD_2(data)         load_be16(data)
#define LOAD_4(data)         load_be32(data)
#define LOAD_6(data)         load_be48(data)
#define LOAD_8(data)         load_be64(data)
#define STORE_1(data, value) (*(data) = (value))
#define STORE_2(data, value) store_be16(data, value)
#define STORE_4(data, value) store_be32(data, value)
#define STORE_6(data, value) store_be48(data, value)
#define STORE_8(data, value) store_be64(data, value)

#define FIELD_DECODE(kind, offset, size, name)  FIELD_DECODE_##kind(offset, size, name)
#define FIELD_DECODE_NUMBER(offset, size, name) part->name = LOAD_##size(data + (offset));
#define FIELD_DECODE_PRICE                      FIELD_DECODE_NUMBER /* 4 decimals */
#define FIELD_DECODE_LEVEL                      FIELD_DECODE_NUMBER /* 8 decimals */
#define FIELD_DECODE_CHAR(offset, size, name)   part->name = (char)data[offset];
#define FIELD_DECODE_TEXT(offset, size, name)   memcpy(part->name, data + (offset), size);

#define FIELD_ENCODE(kind, offset, size, name)  FIELD_ENCODE_##kind(offset, size, name)
#define FIELD_ENCODE_NUMBER(offset, size, name) STORE_##size(data + (offset), part->name);
#define FIELD_ENCODE_PRICE                      FIELD_ENCODE_NUMBER
#define FIELD_ENCODE_LEVEL                      FIELD_ENCODE_NUMBER
#define FIELD_ENCODE_CHAR(offset, size, name)   data[offset] = (uint8_t)part->name;
#define FIELD_ENCODE_TEXT(offset, size, name)   memcpy(data + (offset), part->name, size);

#define FIELD_DESCRIBE(kind, offset, size, name)  FIELD_DESCRIBE_##kind(offset, size, name)
#define FIELD_DESCRIBE_NUMBER(offset, size, name) {#name, offset, size, CODEC_NUMBER, 0},
#define FIELD_DESCRIBE_PRICE(offset, size, name)  {#name, offset, size, CODEC_NUMBER, 4},
#define FIELD_DESCRIBE_LEVEL(offset, size, name)  {#name, offset, size, CODEC_NUMBER, 8},
#define FIELD_DESCRIBE_CHAR(offset, size, name)   {#name, offset, size, CODEC_CHAR, 0},
#define FIELD_DESCRIBE_TEXT(offset, size, name)   {#name, offset, size, CODEC_TEXT, 0},

/* FIELD_COUNT is for the layout tables: how many entries a described array has. */
#define FIELD_COUNT(array) ((uint16_t)(sizeof(array) / sizeof((array)[0])))
