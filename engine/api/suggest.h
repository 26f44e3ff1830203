// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the known name that is most like a mistyped one.
#pragma once

#include <string_view>
#include <vector>

namespace heddle::detail {

/// Empty if nothing is similar. Time is bounded: long names and very many candidates are not compared.
[[nodiscard]] std::string_view closest_name(std::string_view wanted,
                                            const std::vector<std::string_view>& known);

}  // namespace heddle::detail
