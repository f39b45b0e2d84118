# One program per tests/tsan/tsan_*.c: rings and seqlocks hammered by real threads under ThreadSanitizer.
find_package(Threads REQUIRED)
file(GLOB TSAN_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/../tests/tsan/tsan_*.c)
foreach(source IN LISTS TSAN_SOURCES)
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE tickwire_options Threads::Threads -Wl,--start-group ${TICKWIRE_MODULES} -Wl,--end-group)
endforeach()
