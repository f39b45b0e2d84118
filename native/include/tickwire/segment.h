/* segment: one memory-mapped file per box.  It outlives every process; a restarted service attaches again and
 * finds its rings, counters and parameters by name.  Blocks are only ever added, by the creator, before the
 * lanes start. */
#pragma once
#include "tickwire/base.h"

#define SEGMENT_MAGIC           6007092838117598292 /* "TICKWIRE" */
#define SEGMENT_BLOCK_COUNT_MAX 160

enum block_kind {
    BLOCK_RING = 1,
    BLOCK_COUNTERS = 2,
    BLOCK_HISTOGRAM = 3,
    BLOCK_CONTROL = 4,
    BLOCK_PARAMETERS = 5,
    BLOCK_TABLE = 6
};

struct segment_block {
    char name[NAME_SIZE];
    uint64_t offset; /* from the start of the file */
    uint64_t size;   /* bytes, a multiple of CACHE_LINE */
    uint32_t kind;   /* enum block_kind */
    uint32_t reserved[3];
};

struct segment_header {
    uint64_t magic;
    uint64_t layout_hash; /* of the headers it was built from */
    uint64_t size;
    uint64_t used;
    uint64_t created_ns;
    uint32_t creator_pid;
    uint32_t block_count; /* published last, with release */
    uint64_t reserved[2];
    struct segment_block blocks[SEGMENT_BLOCK_COUNT_MAX];
};

struct segment; /* this process's mapping */

/* segment_create makes the file (mode 0600, it must not exist), maps and locks nothing yet.
 * segment_attach maps an existing file; ERROR_LAYOUT if it was built from other headers, ERROR_MALFORMED if
 * it is no segment or is truncated.  segment_close unmaps; the file stays. */
int segment_create(const char *path, uint64_t size, struct segment **segment);
int segment_attach(const char *path, struct segment **segment);
void segment_close(struct segment *segment);
struct segment_header *segment_header(struct segment *segment);
/* segment_add reserves a zeroed block; ERROR_DUPLICATE, ERROR_FULL.  segment_find returns it; NULL when there
 * is none of that name and kind.  Both give addresses aligned to CACHE_LINE. */
int segment_add(struct segment *segment, const char *name, enum block_kind kind, uint64_t size, void **block);
void *segment_find(struct segment *segment, const char *name, enum block_kind kind, uint64_t *size);
uint64_t segment_layout_hash(void);
