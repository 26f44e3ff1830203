// SPDX-License-Identifier: Apache-2.0
// Tests of validation with custom descriptors: what the suite does not say, and that the standard is as it
// was.
#include <gtest/gtest.h>

#include "engine/validation/test_modules.h"

namespace heddle::engine {
namespace {

using test::check;
using test::TextCase;

FeatureSet with_descriptors() {
  FeatureSet features;
  features.add(Feature::custom_descriptors);
  return features;
}

#define HEDDLE_PAIR "(rec (type $a (descriptor $b) (struct (field i32))) (type $b (describes $a) (struct)))"

TEST(validation_descriptor, messages_name_exact_types) {
  const TextCase cases[] = {
      {"(module " HEDDLE_PAIR "(func (param (ref $b)) (struct.new_desc $a (i32.const 1) (local.get 0))))",
       "type mismatch: instruction requires [(ref null (exact 1))] but stack has [(ref 1)]"},
      {"(module " HEDDLE_PAIR "(func (drop (ref.get_desc $b (ref.null none)))))",
       "type without descriptor: type 1"},
      {"(module " HEDDLE_PAIR "(func (param anyref) (drop (ref.get_desc $a (local.get 0)))))",
       "type mismatch: instruction requires [(ref null 0)] but stack has [anyref]"},
      {"(module " HEDDLE_PAIR "(func (param i32) (drop (ref.get_desc $a (local.get 0)))))",
       "type mismatch: expected a reference, found i32"},
      {"(module " HEDDLE_PAIR "(func (struct.new_default_desc $a)))",
       "type mismatch: instruction requires [(ref null (exact 1))] but stack has []"},
      {"(module (func (struct.new_desc 7)))", "unknown type 7"},
      {"(module (type (array i8)) (func (struct.new_desc 0)))",
       "type mismatch: type 0 is not a structure type"},
      {"(module " HEDDLE_PAIR "(type $f (func)) (func (drop (ref.cast_desc_eq (ref $f) (unreachable)))))",
       "type 2 does not have a descriptor"},
  };
  check(cases, ErrorKind::invalid, with_descriptors());
}

TEST(validation_descriptor, what_creates_knows_the_exact_type) {
  const TextCase cases[] = {
      {"(module (type $s (sub (struct))) (func (result (ref (exact $s))) (struct.new_default $s)))", ""},
      {"(module (type $s (sub (struct))) (func (local (ref null (exact $s))) (local.set 0 (struct.new $s))))",
       ""},
      {"(module (type $f (sub (func))) (func $g (type $f)) (global (ref (exact $f)) (ref.func $g)))", ""},
      {"(module (type $s (sub (struct))) (func (param (ref null (exact $s))) (result (ref (exact $s)))"
       " (ref.as_non_null (local.get 0))))",
       ""},
      {"(module (type $s (sub (struct))) (type $t (sub $s (struct))) (func (result (ref (exact $s))) "
       "(struct.new_default $t)))",
       "type mismatch: instruction requires [(ref (exact 0))] but stack has [(ref (exact 1))]"},
  };
  check(cases, ErrorKind::invalid, with_descriptors());
}

/// The standard has neither exact types nor casts sideways.
TEST(validation_descriptor, without_the_proposal_nothing_has_changed) {
  const TextCase cases[] = {
      {"(module (type $s (struct)) (func (result i32) (struct.new $s)))",
       "type mismatch: instruction requires [i32] but stack has [(ref 0)]"},
      {"(module (func (result anyref) (br_on_cast 0 eqref anyref (unreachable))))", "type mismatch"},
      {"(module (func (result anyref) (br_on_cast_fail 0 structref arrayref (unreachable))))",
       "type mismatch"},
  };
  check(cases);
  const TextCase lifted[] = {
      {"(module (func (result anyref) (br_on_cast 0 eqref anyref (unreachable))))", ""},
      {"(module (func (result anyref) (br_on_cast_fail 0 structref arrayref (unreachable))))", ""},
      {"(module (func (result anyref) (br_on_cast 0 anyref funcref (unreachable))))", "type mismatch"},
  };
  check(lifted, ErrorKind::invalid, with_descriptors());
}

TEST(validation_descriptor, instructions_are_refused_where_the_proposal_is_off) {
  const TextCase cases[] = {
      {"(module (type $s (struct)) (func (drop (struct.new_desc $s (unreachable)))))",
       "feature custom descriptors is not enabled"},
      {"(module (type $s (struct)) (func (local (ref null (exact $s)))))",
       "feature custom descriptors is not enabled"},
      {"(module (type $s (struct)) (global anyref (ref.null (exact $s))))",
       "feature custom descriptors is not enabled"},
  };
  check(cases, ErrorKind::unsupported);
}

}  // namespace
}  // namespace heddle::engine
