#include "cuda/device_error.h"

#include "core/dtype.h"
#include "core/error.h"

namespace llm42::cuda {

namespace {

// array[place] is value; it must be low..high
struct IndexWords {
  Checked checked;
  const char* array;
};

constexpr IndexWords indices[] = {
    {Checked::ids, "ids"},
    {Checked::indices, "indices"},
    {Checked::positions, "positions"},
    {Checked::slots, "slots"},
    {Checked::sequence_starts, "sequence_starts"},
    {Checked::block_tables, "block_tables"},
    {Checked::chosen_ids, "chosen_ids"},
    {Checked::starts, "starts"},
    {Checked::adjustment_starts, "adjustment_starts"},
    {Checked::expert_ids, "expert_ids"},
    {Checked::order, "order"},
    {Checked::mask_indices, "mask_indices"},
};

// array[place].field is value; it must be range
struct FieldWords {
  Checked checked;
  const char* array;
  const char* field;
  const char* range;
};

constexpr FieldWords fields[] = {
    {Checked::sampling_temperature, "sampling", "temperature", "0 or 0.01..100"},
    {Checked::sampling_top_p, "sampling", "top_p", "above 0 and at most 1"},
    {Checked::sampling_min_p, "sampling", "min_p", "0..1"},
    {Checked::adjustment_bias, "adjustments", "bias", "finite"},
    {Checked::adjustment_repetition, "adjustments", "repetition", "above 0 and finite"},
    {Checked::adjustment_penalty, "adjustments", "penalty", "finite"},
};

}  // namespace

void check_reported(const ErrorSlot& error) {
  if (error.checked == Checked::nothing) return;
  for (const IndexWords& words : indices) {
    if (words.checked != error.checked) continue;
    fail_argument(words.array, "[", error.place, "] is ", error.value, "; it must be ", error.low, "..",
                  error.high);
  }
  for (const FieldWords& words : fields) {
    if (words.checked != error.checked) continue;
    fail_argument(words.array, "[", error.place, "].", words.field, " is ",
                  float_of(static_cast<uint32_t>(error.value)), "; it must be ", words.range);
  }
  switch (error.checked) {
    case Checked::slots_distinct:
      fail_argument("slots holds ", error.value, " more than once; slots must be distinct");
    case Checked::adjustment_token:
      fail_argument("adjustments[", error.place, "].token_id is ", error.value, "; it must be ", error.low,
                    "..", error.high, ", above the one before it in its row and in the vocabulary");
    case Checked::mask_tokens:
      fail_argument("masks[", error.value, "] (row ", error.place,
                    ") has no token; it must have one at least");
    case Checked::sampling_top_k:
      fail_argument("sampling[", error.place, "].top_k is ", error.value, "; it must be 0 or more");
    default:
      fail(LLM42_STATUS_INTERNAL, "a kernel reported ", error.value, " at ", error.place, " with code ",
           static_cast<int32_t>(error.checked), ", which has no words");
  }
}

}  // namespace llm42::cuda
