// SPDX-License-Identifier: Apache-2.0
// A picture of the Mandelbrot set, as mandelbrot.png in the first directory that the program is given.
//
// Some rows take a hundred times as long as others, so nobody has rows of its own: who is done takes the
// next.
#include <heddle/program.h>
#include "examples/threads/png.h"

#define WIDTH 640
#define HEIGHT 480
#define THREADS 8
#define MOST_STEPS 1000

static uint8_t pixels[HEIGHT][WIDTH + 1];  // each row begins with its filter, none
static uint32_t next_row;
static uint64_t steps;

static uint32_t steps_of(double re, double im) {
  double x = 0, y = 0;
  uint32_t count = 0;
  for (; count < MOST_STEPS && x * x + y * y <= 4; ++count) {
    const double next = x * x - y * y + re;
    y = 2 * x * y + im;
    x = next;
  }
  return count;
}

static void paint(void* unused) {
  (void)unused;
  for (uint32_t row = heddle_add(&next_row, 1); row < HEIGHT; row = heddle_add(&next_row, 1)) {
    uint64_t in_row = 0;
    for (int column = 0; column < WIDTH; ++column) {
      const uint32_t count = steps_of(-2.3 + 3.2 * column / WIDTH, -1.2 + 2.4 * row / HEIGHT);
      pixels[row][column + 1] = count == MOST_STEPS ? 0 : (uint8_t)(1 + (count * 9 + 16) % 255);
      in_row += count;
    }
    __atomic_fetch_add(&steps, in_row, __ATOMIC_SEQ_CST);
  }
}

/// Between two colours, `part` of 64.
static uint8_t mix(int from, int to, int part) { return (uint8_t)(from + (to - from) * part / 64); }

/// Round a circle of four colours; what never leaves is black.
static void make_palette(uint8_t (*palette)[3]) {
  static const uint8_t colours[4][3] = {{8, 16, 64}, {48, 160, 224}, {255, 244, 208}, {232, 112, 24}};
  for (int i = 1; i < 256; ++i) {
    for (int k = 0; k < 3; ++k) palette[i][k] = mix(colours[i / 64][k], colours[(i / 64 + 1) % 4][k], i % 64);
  }
}

static struct wasi_thread threads[THREADS];
static uint8_t palette[256][3];

int heddle_program(void) {
  make_palette(palette);
  for (int i = 0; i < THREADS; ++i) wasi_thread_begin(&threads[i], paint, 0);
  for (int i = 0; i < THREADS; ++i) wasi_thread_join(&threads[i]);
  const struct png_picture picture = {&pixels[0][0], WIDTH, HEIGHT, palette};
  if (!png_write("mandelbrot.png", &picture)) {
    heddle_print("can't write mandelbrot.png: name a directory for it with --dir\n");
    return 1;
  }
  heddle_print("mandelbrot.png: ");
  heddle_print_number(steps);
  heddle_print(" steps, checksum ");
  heddle_print_number(png_crc(0, &pixels[0][0], sizeof pixels));
  heddle_print("\n");
  return 0;
}
