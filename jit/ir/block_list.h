// SPDX-License-Identifier: Apache-2.0
// BlockList: the blocks of a function, which those of the next one take the places of, for their memory.
#pragma once

#include <cassert>
#include <cstddef>
#include <vector>

namespace heddle::jit {

/// As much of a vector as blocks need. `Block` has a reset(), which empties it.
template <class Block>
class BlockList {
 public:
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] Block& operator[](size_t block) {
    assert(block < size_);
    return all_[block];
  }
  [[nodiscard]] const Block& operator[](size_t block) const {
    assert(block < size_);
    return all_[block];
  }
  [[nodiscard]] Block* data() { return all_.data(); }
  [[nodiscard]] const Block* data() const { return all_.data(); }
  [[nodiscard]] Block* begin() { return data(); }
  [[nodiscard]] const Block* begin() const { return data(); }
  [[nodiscard]] Block* end() { return data() + size_; }
  [[nodiscard]] const Block* end() const { return data() + size_; }

  Block& emplace_back() {
    if (size_ == all_.size()) {
      all_.emplace_back();
    } else {
      all_[size_].reset();
    }
    return all_[size_++];
  }
  void clear() { size_ = 0; }

 private:
  std::vector<Block> all_;
  size_t size_ = 0;  ///< those beyond are of functions before
};

}  // namespace heddle::jit
