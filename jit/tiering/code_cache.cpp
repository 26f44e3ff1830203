// SPDX-License-Identifier: Apache-2.0
// CodeCache: an ordered map of pieces of executable memory.
#include "jit/tiering/code_cache.h"

#include <algorithm>
#include <utility>

#include "engine/runtime/signals.h"

namespace heddle::jit {

const x64::Site* CompiledCode::site_at(const void* pc) const {
  const auto offset = static_cast<uint32_t>(static_cast<const uint8_t*>(pc) - begin);
  const auto found = std::ranges::lower_bound(sites, offset, {}, &x64::Site::code_offset);
  return found == sites.end() || found->code_offset != offset ? nullptr : &*found;
}

std::unique_ptr<CodeCache> CodeCache::create(uint64_t bytes, uintptr_t fault) {
  std::unique_ptr<CodeCache> cache(new CodeCache(bytes));
  const std::span<const uint8_t> range = cache->memory_.range();
  if (range.empty()) return nullptr;
  const auto begin = reinterpret_cast<uintptr_t>(range.data());
  cache->handles_faults_ = engine::register_code_range({begin, begin + range.size(), fault, true});
  return cache;
}

CodeCache::~CodeCache() {
  if (handles_faults_) engine::unregister_code_range(reinterpret_cast<uintptr_t>(memory_.range().data()));
}

const CompiledCode* CodeCache::add(const engine::FunctionCode& function, uint32_t loop_offset,
                                   const x64::EmittedCode& code, std::vector<InlinedFrame> inlined) {
  engine::MutexLock lock(mutex_);
  const auto memory = memory_.add(code.bytes);
  if (!memory.ok()) return nullptr;
  auto added = std::make_unique<CompiledCode>();
  added->begin = static_cast<const uint8_t*>(*memory);
  added->size = static_cast<uint32_t>(code.bytes.size());
  added->function = &function;
  added->loop_offset = loop_offset;
  added->frame_bytes = code.frame_bytes;
  added->sites = code.sites;
  added->inlined = std::move(inlined);
  bytes_ += added->size;
  const CompiledCode* const published = added.get();
  codes_.emplace(reinterpret_cast<uintptr_t>(published->begin), std::move(added));
  return published;
}

const CompiledCode* CodeCache::find(const void* pc) const {
  engine::MutexLock lock(mutex_);
  const auto address = reinterpret_cast<uintptr_t>(pc);
  const auto after = codes_.lower_bound(address);
  if (after == codes_.begin()) return nullptr;
  const CompiledCode& code = *std::prev(after)->second;
  return pc <= code.end() ? &code : nullptr;
}

void CodeCache::remove(std::span<const CompiledCode* const> codes) {
  engine::MutexLock lock(mutex_);
  for (const CompiledCode* code : codes) {
    bytes_ -= code->size;
    memory_.release(code->begin);
    codes_.erase(reinterpret_cast<uintptr_t>(code->begin));
  }
}

uint64_t CodeCache::bytes() const {
  engine::MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace heddle::jit
