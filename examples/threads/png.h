// SPDX-License-Identifier: Apache-2.0
// Writing a picture with a palette as PNG, uncompressed. (RFC 2083; the data are stored blocks of RFC 1951 in
// RFC 1950)
#pragma once

#include <heddle/program.h>

struct png_picture {
  const uint8_t* rows;  // each is a filter byte, 0, and one byte a pixel
  uint32_t width, height;
  const uint8_t (*palette)[3];  // 256 times red, green, blue
};

__attribute__((import_module("wasi_snapshot_preview1"), import_name("path_open"))) uint32_t
wasi_path_open(uint32_t directory, uint32_t lookup, const char* path, size_t path_size, uint32_t flags,
               uint64_t rights, uint64_t inherited, uint32_t descriptor_flags, uint32_t* opened);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_close"))) uint32_t
wasi_fd_close(uint32_t descriptor);

struct png_file {
  uint32_t descriptor;
  uint32_t crc;    // of the present chunk
  uint32_t adler;  // of the picture's data
  bool failed;
};

static inline uint32_t png_crc(uint32_t crc, const uint8_t* data, size_t size) {
  crc = ~crc;
  for (size_t i = 0; i < size; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

static inline void png_adler(struct png_file* file, const uint8_t* data, size_t size) {
  uint32_t low = file->adler & 0xffff, high = file->adler >> 16;
  for (size_t i = 0; i < size; ++i) {
    low = (low + data[i]) % 65521;
    high = (high + low) % 65521;
  }
  file->adler = high << 16 | low;
}

static inline void png_put(struct png_file* file, const void* data, size_t size) {
  file->crc = png_crc(file->crc, data, size);
  while (size != 0 && !file->failed) {
    const struct heddle_wasi_bytes bytes = {data, size};
    size_t written = 0;
    file->failed = heddle_wasi_write(file->descriptor, &bytes, 1, &written) != 0;
    data = (const uint8_t*)data + written;
    size -= written;
  }
}

static inline void png_put_number(struct png_file* file, uint32_t number) {
  const uint8_t bytes[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                           (uint8_t)number};
  png_put(file, bytes, sizeof bytes);
}

static inline void png_begin_chunk(struct png_file* file, const char* type, size_t size) {
  png_put_number(file, (uint32_t)size);
  file->crc = 0;
  png_put(file, type, 4);
}

static inline void png_end_chunk(struct png_file* file) { png_put_number(file, file->crc); }

/// One stored block for each row.
static inline void png_put_rows(struct png_file* file, const struct png_picture* picture) {
  const size_t row_size = picture->width + 1;
  png_begin_chunk(file, "IDAT", 2 + picture->height * (5 + row_size) + 4);
  png_put(file, "\x78\x01", 2);
  file->adler = 1;
  for (uint32_t row = 0; row < picture->height; ++row) {
    const uint8_t* data = picture->rows + row * row_size;
    const uint8_t head[] = {row + 1 == picture->height, (uint8_t)row_size, (uint8_t)(row_size >> 8),
                            (uint8_t)~row_size, (uint8_t)(~row_size >> 8)};
    png_put(file, head, sizeof head);
    png_put(file, data, row_size);
    png_adler(file, data, row_size);
  }
  png_put_number(file, file->adler);
  png_end_chunk(file);
}

/// Creates the file in the first directory that the program was given. REQUIRES: width < 65535.
static inline bool png_write(const char* name, const struct png_picture* picture) {
  enum { first_directory = 3, create = 1, truncate = 8, may_write = 64 };
  struct png_file file = {0};
  size_t length = 0;
  while (name[length] != 0) ++length;
  if (wasi_path_open(first_directory, 0, name, length, create | truncate, may_write, 0, 0,
                     &file.descriptor) != 0)
    return false;
  png_put(&file, "\x89PNG\r\n\x1a\n", 8);
  png_begin_chunk(&file, "IHDR", 13);
  png_put_number(&file, picture->width);
  png_put_number(&file, picture->height);
  png_put(&file, "\x08\x03\0\0\0", 5);  // eight bits a pixel, a palette, nothing else
  png_end_chunk(&file);
  png_begin_chunk(&file, "PLTE", 768);
  png_put(&file, picture->palette, 768);
  png_end_chunk(&file);
  png_put_rows(&file, picture);
  png_begin_chunk(&file, "IEND", 0);
  png_end_chunk(&file);
  return wasi_fd_close(file.descriptor) == 0 && !file.failed;
}
