/* segment: creating, attaching and dividing the shared file.  Set-up code: it may call the kernel, never the
 * hot path. */
#include "tickwire/segment.h"

#include "base/huge_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct segment {
    uint8_t *base;
    uint64_t size;
};

uint64_t segment_layout_hash(void) {
    return TICKWIRE_LAYOUT_HASH;
}

static uint64_t align_line(uint64_t size) {
    return (size + CACHE_LINE - 1) & ~(uint64_t)(CACHE_LINE - 1);
}

static int map(int descriptor, uint64_t size, struct segment **segment) {
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (base == MAP_FAILED) return ERROR_SYSTEM;
    huge_pages_wish(base, size);
    struct segment *mapped = malloc(sizeof *mapped);
    if (!mapped) {
        munmap(base, size);
        return ERROR_SYSTEM;
    }
    mapped->base = base;
    mapped->size = size;
    *segment = mapped;
    return ERROR_NONE;
}

static void initialise(struct segment *segment) {
    struct segment_header *header = segment_header(segment);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    header->layout_hash = segment_layout_hash();
    header->size = segment->size;
    header->used = align_line(sizeof *header);
    header->created_ns = (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
    header->creator_pid = (uint32_t)getpid();
    __atomic_store_n(&header->magic, (uint64_t)SEGMENT_MAGIC,
                     __ATOMIC_RELEASE); /* last: now it may be attached */
}

int segment_create(const char *path, uint64_t size, struct segment **segment) {
    if (size < sizeof(struct segment_header)) return ERROR_ARGUMENT;
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return errno == EEXIST ? ERROR_DUPLICATE : ERROR_SYSTEM;
    /* posix_fallocate, not ftruncate: a full tmpfs is an error here and not a bus error on the hot path. */
    int error = posix_fallocate(descriptor, 0, (off_t)size);
    if (error) errno = error;
    int result = error ? ERROR_SYSTEM : map(descriptor, size, segment);
    if (result) {
        int saved = errno;
        unlink(path);
        close(descriptor);
        errno = saved;
        return result;
    }
    close(descriptor);
    initialise(*segment);
    return ERROR_NONE;
}

/* check_header refuses a file that is no segment of ours before anything in it is believed. */
static int check_header(const struct segment *segment) {
    const struct segment_header *header = (const struct segment_header *)segment->base;
    if (__atomic_load_n(&header->magic, __ATOMIC_ACQUIRE) != (uint64_t)SEGMENT_MAGIC) return ERROR_MALFORMED;
    if (header->layout_hash != segment_layout_hash()) return ERROR_LAYOUT;
    if (header->size != segment->size || header->used > header->size) return ERROR_MALFORMED;
    if (header->block_count > SEGMENT_BLOCK_COUNT_MAX) return ERROR_MALFORMED;
    return ERROR_NONE;
}

int segment_attach(const char *path, struct segment **segment) {
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return errno == ENOENT ? ERROR_NOT_FOUND : ERROR_SYSTEM;
    struct stat status;
    int result = ERROR_NONE;
    if (fstat(descriptor, &status)) {
        result = ERROR_SYSTEM;
    } else if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size < sizeof(struct segment_header)) {
        result = ERROR_MALFORMED;
    } else {
        result = map(descriptor, (uint64_t)status.st_size, segment);
    }
    close(descriptor);
    if (result) return result;
    result = check_header(*segment);
    if (result) {
        segment_close(*segment);
        *segment = NULL;
    }
    return result;
}

void segment_close(struct segment *segment) {
    if (!segment) return;
    munmap(segment->base, segment->size);
    free(segment);
}

struct segment_header *segment_header(struct segment *segment) {
    return (struct segment_header *)segment->base;
}

static const struct segment_block *find_block(struct segment *segment, const char *name) {
    const struct segment_header *header = segment_header(segment);
    uint32_t count = __atomic_load_n(&header->block_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count && i < SEGMENT_BLOCK_COUNT_MAX; i++)
        if (strncmp(header->blocks[i].name, name, NAME_SIZE) == 0) return &header->blocks[i];
    return NULL;
}

int segment_add(struct segment *segment, const char *name, enum block_kind kind, uint64_t size,
                void **block) {
    struct segment_header *header = segment_header(segment);
    size_t length = strlen(name);
    if (length == 0 || length >= NAME_SIZE || size == 0 || size > segment->size) return ERROR_ARGUMENT;
    if (find_block(segment, name)) return ERROR_DUPLICATE;
    size = align_line(size);
    if (header->block_count == SEGMENT_BLOCK_COUNT_MAX || size > header->size - header->used)
        return ERROR_FULL;
    struct segment_block *entry = &header->blocks[header->block_count];
    memcpy(entry->name, name, length);
    entry->offset = header->used;
    entry->size = size;
    entry->kind = kind;
    header->used += size;
    *block = segment->base + entry->offset;
    __atomic_store_n(&header->block_count, header->block_count + 1, __ATOMIC_RELEASE);
    return ERROR_NONE;
}

void *segment_find(struct segment *segment, const char *name, enum block_kind kind, uint64_t *size) {
    const struct segment_block *entry = find_block(segment, name);
    if (!entry || entry->kind != (uint32_t)kind) return NULL;
    if (entry->offset > segment->size || entry->size > segment->size - entry->offset) return NULL;
    if (size) *size = entry->size;
    return segment->base + entry->offset;
}
