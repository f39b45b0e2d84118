/* huge_pages: memory that is touched at random pays for the page tables too, on a virtual machine twice over.
 */
#pragma once
#include <stddef.h>
#include <sys/mman.h>

#define HUGE_PAGE_SIZE ((size_t)2 << 20)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

/* huge_pages_wish asks for transparent huge pages.  Under mlockall the memory has its ordinary pages from the
 * moment it was mapped, so it also asks to put those together.  A wish: without it all only gets slower. */
static inline void huge_pages_wish(void *base, size_t size) {
    (void)madvise(base, size, MADV_HUGEPAGE);
    (void)madvise(base, size, MADV_COLLAPSE);
}
