/* fuzz_id_map: the order ids of the gate and the positions, against a plain array.  Three bytes an operation:
 * what, and a 16-bit id, stretched so that dense runs, gaps and colliding groups all come up. */
#include "base/id_map.h"
#include "fuzz.h"

#define ENTRIES 256
#define IDS     4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct id_entry entries[ENTRIES];
    static uint32_t expected[IDS];
    struct id_map map;
    memset(entries, 0, sizeof entries);
    memset(expected, 0xff, sizeof expected);
    id_map_open(&map, entries, ENTRIES);
    uint32_t count = 0;
    for (size_t i = 0; i + 3 <= size; i += 3) {
        uint32_t id = ((uint32_t)data[i + 1] << 8 | data[i + 2]) % IDS;
        if (data[i] & 4) id &= 0x0ff;
        CHECK(!(id_map_find(&map, id) != expected[id]));
        if (data[i] & 1) {
            CHECK(!(id_map_take(&map, id) != expected[id]));
            count -= expected[id] != ID_MAP_NONE;
            expected[id] = ID_MAP_NONE;
        } else if (id != 0 && expected[id] == ID_MAP_NONE) {
            int error = id_map_put(&map, id, (uint32_t)i);
            CHECK(!((error == ERROR_FULL) != (count == ENTRIES / 2)));
            if (error) continue;
            expected[id] = (uint32_t)i;
            count++;
        }
        CHECK(!(map.count != count));
    }
    for (uint32_t id = 0; id < IDS; id++) CHECK(!(id_map_find(&map, id) != expected[id]));
    return 0;
}
