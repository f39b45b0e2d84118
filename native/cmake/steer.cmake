# The steering program of the AF_XDP back end: compiled to BPF and embedded as bytes, so that nothing is looked up at run time.
if(XDP_FOUND AND CLANG AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/packet/steer.bpf.c)
  set(STEER_OBJECT ${CMAKE_CURRENT_BINARY_DIR}/steer.bpf.o)
  add_custom_command(
    OUTPUT ${STEER_OBJECT}
    COMMAND ${CLANG} -O2 -g -target bpf -I/usr/include/${CMAKE_C_LIBRARY_ARCHITECTURE}
            -I${CMAKE_CURRENT_SOURCE_DIR} -c ${CMAKE_CURRENT_SOURCE_DIR}/packet/steer.bpf.c -o ${STEER_OBJECT}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/packet/steer.bpf.c ${CMAKE_CURRENT_SOURCE_DIR}/packet/steer.h)
  set(STEER_BYTES ${CMAKE_CURRENT_BINARY_DIR}/steer_bytes.S)
  file(WRITE ${STEER_BYTES}.in
       "  .section .rodata\n  .balign 16\n  .global steer_object_start\n  .global steer_object_end\n  .hidden steer_object_start\n  .hidden steer_object_end\nsteer_object_start:\n  .incbin \"${STEER_OBJECT}\"\nsteer_object_end:\n  .section .note.GNU-stack,\"\",@progbits\n")
  enable_language(ASM)
  configure_file(${STEER_BYTES}.in ${STEER_BYTES} COPYONLY)
  set_source_files_properties(${STEER_BYTES} PROPERTIES OBJECT_DEPENDS ${STEER_OBJECT})
  target_sources(tickwire_packet PRIVATE ${STEER_BYTES})
  target_link_libraries(tickwire_packet PUBLIC PkgConfig::XDP)
  target_compile_definitions(tickwire_packet PUBLIC TICKWIRE_HAVE_AF_XDP=1)
endif()
