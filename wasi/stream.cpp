// SPDX-License-Identifier: Apache-2.0
// Buffer: a stream in memory.
#include <algorithm>
#include <cstring>

#include <heddle/wasi_host.h>

namespace heddle::wasi {

Stream::~Stream() = default;

size_t Buffer::read(std::span<uint8_t> into) noexcept {
  const std::lock_guard lock(mutex_);
  const size_t size = std::min(into.size(), input_.size() - position_);
  if (size != 0) std::memcpy(into.data(), input_.data() + position_, size);
  position_ += size;
  return size;
}

size_t Buffer::write(std::span<const uint8_t> from) noexcept {
  const std::lock_guard lock(mutex_);
  const size_t size = std::min(from.size(), most_ - output_.size());
  output_.append(reinterpret_cast<const char*>(from.data()), size);
  return size;
}

std::string Buffer::written() const {
  const std::lock_guard lock(mutex_);
  return output_;
}

}  // namespace heddle::wasi
