// SPDX-License-Identifier: Apache-2.0
// Gives registers to arguments and results in order, and the overflow area to those beyond.
#include "jit/x64/calling_convention.h"

namespace heddle::jit::x64 {

namespace {

void place(std::span<const Type> types, std::span<const Register> general, std::vector<Place>& places) {
  places.clear();
  unsigned generals = 0, vectors = 0, beyond = 0;
  for (const Type type : types) {
    Place place{type, Register::none, 0};
    if (is_vector_class(type)) {
      if (vectors < kVectorArguments) {
        place.reg = static_cast<Register>(static_cast<unsigned>(Register::xmm0) + vectors++);
      }
    } else if (generals < general.size()) {
      place.reg = general[generals++];
    }
    if (place.reg == Register::none) place.overflow = 16 * beyond++;
    places.push_back(place);
  }
}

}  // namespace

void place_arguments(std::span<const Type> types, std::vector<Place>& places) {
  place(types, kGeneralArguments, places);
}

void place_results(std::span<const Type> types, std::vector<Place>& places) {
  place(types, kGeneralResults, places);
}

}  // namespace heddle::jit::x64
