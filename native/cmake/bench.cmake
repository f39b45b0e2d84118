# One program per tests/bench/bench_*.c: what cannot be timed from Python.
find_package(Threads REQUIRED)
file(GLOB BENCH_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/../tests/bench/bench_*.c)
foreach(source IN LISTS BENCH_SOURCES)
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE tickwire_options Threads::Threads -Wl,--start-group ${TICKWIRE_MODULES} -Wl,--end-group)
endforeach()
