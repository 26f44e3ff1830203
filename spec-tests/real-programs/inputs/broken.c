// SPDX-License-Identifier: Apache-2.0
// A C program with errors, for the compiler to tell of.
#include <string.h>
int main(void) { return strlen(missing) + undeclared("x";
}
