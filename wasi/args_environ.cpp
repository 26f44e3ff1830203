// SPDX-License-Identifier: Apache-2.0
// The program's arguments and environment variables.
#include "wasi/functions.h"

namespace heddle::wasi::functions {

namespace {

Size bytes_of(const std::vector<std::string>& strings) {
  size_t bytes = 0;
  for (const std::string& each : strings) bytes += each.size() + 1;
  return static_cast<Size>(bytes);
}

/// C strings behind each other, and an array with the address of each.
Answer write_strings(const Call& call, const std::vector<std::string>& strings, Address pointers,
                     Address text) {
  HEDDLE_TRY_ASSIGN(const auto array, call.memory().range(pointers, strings.size() * sizeof(Address)));
  HEDDLE_TRY_ASSIGN(const auto place, call.memory().range(text, bytes_of(strings)));
  size_t at = 0;
  for (size_t i = 0; i < strings.size(); ++i) {
    const auto address = static_cast<Address>(text + at);
    std::memcpy(array.data() + i * sizeof address, &address, sizeof address);
    std::memcpy(place.data() + at, strings[i].c_str(), strings[i].size() + 1);
    at += strings[i].size() + 1;
  }
  return {};
}

Answer write_sizes(const Call& call, const std::vector<std::string>& strings, Address out_count,
                   Address out_bytes) {
  HEDDLE_TRY_ASSIGN(const auto count, call.memory().out<Size>(out_count));
  HEDDLE_TRY_ASSIGN(const auto bytes, call.memory().out<Size>(out_bytes));
  count.set(static_cast<Size>(strings.size()));
  bytes.set(bytes_of(strings));
  return {};
}

}  // namespace

Answer args_get(Call& call, Address pointers, Address strings) {
  return write_strings(call, call.state().arguments, pointers, strings);
}

Answer args_sizes_get(Call& call, Address out_count, Address out_bytes) {
  return write_sizes(call, call.state().arguments, out_count, out_bytes);
}

Answer environ_get(Call& call, Address pointers, Address strings) {
  return write_strings(call, call.state().environment, pointers, strings);
}

Answer environ_sizes_get(Call& call, Address out_count, Address out_bytes) {
  return write_sizes(call, call.state().environment, out_count, out_bytes);
}

}  // namespace heddle::wasi::functions
