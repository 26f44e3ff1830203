# SPDX-License-Identifier: Apache-2.0
# Runs PROGRAM and demands that it succeeds and prints exactly what the file EXPECTED holds.
execute_process(COMMAND "${PROGRAM}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
file(READ "${EXPECTED}" expected)
if(NOT result EQUAL 0 OR NOT output STREQUAL expected)
  message(FATAL_ERROR "exit code ${result}\n${errors}expected:\n${expected}printed:\n${output}")
endif()
