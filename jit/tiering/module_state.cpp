// SPDX-License-Identifier: Apache-2.0
// ModuleState: making it from a module's types, and giving its code back.
#include "jit/tiering/module_state.h"

#include <algorithm>
#include <unordered_map>

#include "jit/tiering/jit_tier.h"

namespace heddle::jit {

using engine::MutexLock;

ModuleState::ModuleState(JitTier& tier, const engine::ModuleImage& module)
    : tier_(tier), functions_(std::make_unique<FunctionState[]>(module.functions.size())) {
  std::unordered_map<engine::TypeId, const NativeSignature*> by_type;
  for (const engine::TypeId id : module.types) {
    const engine::TypeDefinition& type = module.registry->get(id);
    if (type.kind != engine::CompositeKind::function || by_type.contains(id)) continue;
    signatures_.push_back(std::make_unique<NativeSignature>(type));
    by_type.emplace(id, signatures_.back().get());
    overflow_slots_ = std::max(overflow_slots_, signatures_.back()->overflow_slots());
  }
  for (size_t i = 0; i < module.functions.size(); ++i) {
    functions_[i].signature = by_type.at(module.functions[i].type);
    functions_[i].module = this;
  }
}

ModuleState::~ModuleState() { tier_.drop(*this); }

bool ModuleState::claim_loop(uint64_t offset) {
  MutexLock lock(mutex_);
  return loops_.insert(offset).second;
}

void ModuleState::own(const CompiledCode& code) {
  MutexLock lock(mutex_);
  codes_.push_back(&code);
}

uint64_t ModuleState::code_bytes() const {
  MutexLock lock(mutex_);
  uint64_t sum = 0;
  for (const CompiledCode* const code : codes_) sum += code->size;
  return sum;
}

std::vector<const CompiledCode*> ModuleState::take_codes() {
  MutexLock lock(mutex_);
  return std::exchange(codes_, {});
}

}  // namespace heddle::jit
