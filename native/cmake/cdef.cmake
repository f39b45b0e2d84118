# Concatenate the boundary headers for cffi's parser, leaving out the preprocessor lines only a C compiler needs.
set(text "")
foreach(header IN LISTS HEADERS)
  file(READ ${header} part)
  string(REGEX REPLACE "(^|\n)#(pragma once|include)[^\n]*" "\\1" part "${part}")
  string(APPEND text "${part}\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
