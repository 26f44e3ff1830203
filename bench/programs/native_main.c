// SPDX-License-Identifier: Apache-2.0
// The main function that turns a benchmark program into a native executable: prints run(n).
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int32_t run(int32_t n);

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s N\n", argv[0]);
    return 2;
  }
  printf("%d\n", (int)run((int32_t)strtol(argv[1], NULL, 10)));
  return 0;
}
