# SPDX-License-Identifier: Apache-2.0
# The test that runs a program and compares what it prints with a file. Needs -D COMMAND (a list) and EXPECTED.
execute_process(COMMAND ${COMMAND} OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${COMMAND} ended with ${result}:\n${output}${errors}")
endif()
if(EXISTS "${EXPECTED}")
  file(READ "${EXPECTED}" expected)
  if(NOT output STREQUAL expected)
    message(FATAL_ERROR "${COMMAND} printed\n${output}instead of ${EXPECTED}:\n${expected}")
  endif()
endif()
