// SPDX-License-Identifier: Apache-2.0
// A C program for WASI: lists the directories it is given, or says why it can't.
//
// Build: clang-19 --target=wasm32-wasi -O2 examples/wasi/list.c -o list.wasm   (Debian: wasi-libc, libclang-rt-19-dev-wasm32)
// Run:   heddle run --dir . list.wasm .
#include <dirent.h>
#include <stdio.h>

int main(int count, char** arguments) {
  int failed = 0;
  for (int i = 1; i < count; ++i) {
    DIR* directory = opendir(arguments[i]);
    if (directory == NULL) {
      perror(arguments[i]);
      failed = 1;
      continue;
    }
    for (struct dirent* entry; (entry = readdir(directory)) != NULL;) puts(entry->d_name);
    closedir(directory);
  }
  return failed;
}
