// SPDX-License-Identifier: Apache-2.0
// ModuleCode's bodies: lazy translation, code storage, and the way back from code to functions and offsets.
#include "engine/interpreter/module_code.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>

#include "engine/interpreter/translator.h"

namespace heddle::engine {

namespace {

/// Words per chunk of code storage: an eighth of all code so far, within these; a larger function gets a
/// chunk of its own. (Not in huge pages: to come by them costs more than the page faults they save.)
constexpr size_t kLeastChunkWords = size_t{1} << 13;
constexpr size_t kMostChunkWords = size_t{1} << 20;

}  // namespace

ModuleCode::ModuleCode(const ModuleImage& module, const TranslationOptions& options,
                       const Word* translate_entry)
    : module_(module), options_(options), translate_entry_(translate_entry) {
  const size_t count = module.functions.size();
  functions_ = std::make_unique<FunctionCode[]>(count);
  for (size_t i = 0; i < count; ++i) {
    FunctionCode& code = functions_[i];
    const TypeDefinition& type = module.function_type(static_cast<uint32_t>(i));
    code.entry.store(translate_entry, std::memory_order_relaxed);
    code.module = &module;
    code.index = static_cast<uint32_t>(i);
    code.parameter_slots = type.parameter_slots;
    code.result_slots = type.result_slots;
    code.type = module.functions[i].type;
  }
}

ModuleCode::~ModuleCode() = default;

bool ModuleCode::translate(uint32_t index) {
  MutexLock lock(mutex_);
  FunctionCode& code = functions_[index];
  if (code.entry.load(std::memory_order_relaxed) != translate_entry_) return true;
  if (translator_ == nullptr) translator_ = std::make_unique<Translator>(module_, *this, options_);
  if (!translator_->translate(index)) return false;

  const std::span<const Word> words = translator_->words();
  if (chunk_used_ + words.size() > chunk_size_) add_chunk(words.size());
  Word* storage = chunks_.back().get() + chunk_used_;
  std::memcpy(storage, words.data(), words.size_bytes());
  chunk_used_ += words.size();
  total_words_ += words.size();
  ranges_.push_back({storage, static_cast<uint32_t>(words.size()), index});
  sorted_ = false;
  // Unless it has been compiled in the meantime.
  const Word* untranslated = translate_entry_;
  code.entry.compare_exchange_strong(untranslated, storage, std::memory_order_release,
                                     std::memory_order_relaxed);
  return true;
}

/// Makes room for `least` words.
void ModuleCode::add_chunk(size_t least) {
  chunk_size_ = std::max(least, std::clamp(total_words_ / 8, kLeastChunkWords, kMostChunkWords));
  chunks_.push_back(std::make_unique_for_overwrite<Word[]>(chunk_size_));
  chunk_used_ = 0;
}

const ModuleCode::Range* ModuleCode::find_range(const Word* ip) const {
  if (!sorted_) {
    std::ranges::sort(ranges_, {}, &Range::begin);
    sorted_ = true;
  }
  const auto after = std::ranges::upper_bound(ranges_, ip, {}, &Range::begin);
  if (after == ranges_.begin()) return nullptr;
  const Range& range = *std::prev(after);
  return ip < range.begin + range.words ? &range : nullptr;
}

FunctionCode* ModuleCode::find(const Word* ip) const {
  MutexLock lock(mutex_);
  const Range* range = find_range(ip);
  return range == nullptr ? nullptr : &functions_[range->function];
}

uint64_t ModuleCode::offset_of(const FunctionCode& code, const Word* ip) const {
  MutexLock lock(mutex_);
  if (const auto known = offsets_.find(ip); known != offsets_.end()) return known->second;
  const Range* range = find_range(ip);
  if (range == nullptr) return module_.functions[code.index].body.offset;
  if (offsets_.size() == kMostOffsets) offsets_.clear();
  const uint64_t offset = translator_->offset_of(code.index, static_cast<uint64_t>(ip - range->begin));
  offsets_.emplace(ip, offset);
  return offset;
}

bool ModuleCode::attach_loop(const FunctionCode& code, uint64_t offset, const NativeLoop& target) {
  MutexLock lock(mutex_);
  const auto range = std::ranges::find(ranges_, code.index, &Range::function);
  if (range == ranges_.end()) return false;
  const std::optional<uint64_t> header = translator_->loop_at(code.index, offset);
  if (!header || *header >= range->words) return false;
  Word* const word = const_cast<Word*>(range->begin) + *header;  // in chunks_, which is ours to write
  if (!loops_.try_emplace(word, Loop{*word, &functions_[code.index], target}).second) return true;
  std::atomic_ref(*word).store(word_of(handlers().single.enter_loop), std::memory_order_release);
  return true;
}

const ModuleCode::Loop* ModuleCode::loop_at(const Word* ip) const {
  MutexLock lock(mutex_);
  const auto found = loops_.find(ip);
  return found == loops_.end() ? nullptr : &found->second;
}

Word ModuleCode::handler_at(const Word* ip) const {
  MutexLock lock(mutex_);
  const auto found = loops_.find(ip);
  return found == loops_.end() ? *ip : found->second.handler;
}

std::span<const Word> ModuleCode::words(uint32_t index) const {
  MutexLock lock(mutex_);
  for (const Range& range : ranges_) {
    if (range.function == index) return {range.begin, range.words};
  }
  return {};
}

uint64_t ModuleCode::total_words() const {
  MutexLock lock(mutex_);
  return total_words_;
}

bool translate_function(FunctionCode& code) { return ModuleCode::of(*code.module).translate(code.index); }

}  // namespace heddle::engine
