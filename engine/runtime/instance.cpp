// SPDX-License-Identifier: Apache-2.0
// Instance: making Functions on first use.
#include "engine/runtime/instance.h"

#include "engine/runtime/store.h"

namespace heddle::engine {

Function* Instance::function(uint32_t index) {
  Function*& place = function_space[index];
  if (place == nullptr) {
    auto& made = own_functions.emplace_back(std::make_unique<Function>());
    made->code = store->engine().tier->code_of(*module, index);
    made->instance = this;
    made->type = module->functions[index].type;
    place = made.get();
  }
  return place;
}

}  // namespace heddle::engine
