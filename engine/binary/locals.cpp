// SPDX-License-Identifier: Apache-2.0
// Reading a body's runs of locals.
#include "engine/binary/locals.h"

namespace heddle::engine {

uint64_t read_locals(Cursor& cursor, uint64_t parameters, std::vector<LocalRun>& runs) {
  runs.clear();
  uint64_t total = parameters;
  const uint32_t count = cursor.read_count(2);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    const uint64_t start = cursor.offset();
    LocalRun run;
    run.count = cursor.read_u32();
    total += run.count;
    if (total > UINT32_MAX) cursor.fail_at(start, ErrorKind::malformed, "too many locals");
    run.type = cursor.read_value_type();
    if (run.count != 0) runs.push_back(run);
  }
  return total;
}

}  // namespace heddle::engine
