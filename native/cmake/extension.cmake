# The cffi extension (API mode, generated at build time): the same header bytes feed the C compiler and cffi.
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)

file(STRINGS include/tickwire/boundary.h BOUNDARY_INCLUDES REGEX "^#include \"tickwire/")
set(BOUNDARY_HEADERS "")
foreach(line IN LISTS BOUNDARY_INCLUDES)
  string(REGEX REPLACE "^#include \"(tickwire/[a-z_]+\\.h)\".*" "${CMAKE_CURRENT_SOURCE_DIR}/include/\\1" header "${line}")
  list(APPEND BOUNDARY_HEADERS ${header})
endforeach()

set(CDEF ${CMAKE_CURRENT_BINARY_DIR}/native.cdef)
set(PRELUDE ${CMAKE_CURRENT_BINARY_DIR}/native.prelude)
set(EXTENSION_SOURCE ${CMAKE_CURRENT_BINARY_DIR}/_native.c)
file(WRITE ${PRELUDE} "#include \"tickwire/boundary.h\"\n")
add_custom_command(
  OUTPUT ${EXTENSION_SOURCE}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${CDEF} "-DHEADERS=${BOUNDARY_HEADERS}" -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/cdef.cmake
  COMMAND Python::Interpreter -m cffi.gen_src read-sources tickwire.native._native ${CDEF} ${PRELUDE} ${EXTENSION_SOURCE}
  DEPENDS ${BOUNDARY_HEADERS} include/tickwire/boundary.h cmake/cdef.cmake
  VERBATIM)

python_add_library(_native MODULE WITH_SOABI ${EXTENSION_SOURCE})
target_include_directories(_native PRIVATE include)
target_compile_definitions(_native PRIVATE _GNU_SOURCE)
target_link_libraries(_native PRIVATE -Wl,--start-group ${TICKWIRE_MODULES} -Wl,--end-group)
install(TARGETS _native LIBRARY DESTINATION tickwire/native)
# Every symbol is resolved at import: a function that was declared and never written shows there, not on a trading day.
target_link_options(_native PRIVATE -Wl,-z,now)
