// Operators from logits to tokens.
#include <algorithm>

#include "core/check.h"
#include "core/error.h"
#include "core/validate.h"

namespace llm42 {

bool validate(const Stream& stream, llm42_log_softmax_params& p) {
  check_range("rows", p.rows, 0, INT32_MAX);
  check_range("vocabulary", p.vocabulary, 1, INT32_MAX);
  check_zero("reserved", p.reserved);
  p.logits_stride = resolve_stride("logits_stride", p.logits_stride, p.vocabulary);
  if (p.rows == 0) return false;
  const Matrix logits{"logits", p.logits, 4, p.rows, p.vocabulary, p.logits_stride};
  const Matrix output{"output", p.output, 4, p.rows, p.vocabulary, p.vocabulary};
  check_matrix(logits, stream);
  check_matrix(output, stream);
  check_same_or_disjoint(output, logits);
  return true;
}

bool validate(const Stream& stream, llm42_top_logprobs_params& p) {
  check_range("rows", p.rows, 0, INT32_MAX);
  check_range("vocabulary", p.vocabulary, 1, INT32_MAX);
  check_range("count", p.count, 0, std::min(p.vocabulary, 1024));
  p.logits_stride = resolve_stride("logits_stride", p.logits_stride, p.vocabulary);
  if ((p.chosen_ids.buffer == nullptr) != (p.chosen_logprobs.buffer == nullptr)) {
    fail_argument(p.chosen_ids.buffer == nullptr ? "chosen_ids.buffer" : "chosen_logprobs.buffer",
                  " is NULL; chosen_ids and chosen_logprobs must be given together");
  }
  if (p.rows == 0) return false;
  const Matrix logits{"logits", p.logits, 4, p.rows, p.vocabulary, p.logits_stride};
  const Matrix chosen_ids = vector("chosen_ids", p.chosen_ids, 4, p.rows);
  const Matrix chosen_logprobs = vector("chosen_logprobs", p.chosen_logprobs, 4, p.rows);
  const Matrix top_ids{"top_ids", p.top_ids, 4, p.rows, p.count, p.count};
  const Matrix top_logprobs{"top_logprobs", p.top_logprobs, 4, p.rows, p.count, p.count};
  check_matrix(logits, stream);
  if (p.chosen_ids.buffer != nullptr) {
    check_matrix(chosen_ids, stream);
    check_matrix(chosen_logprobs, stream);
    check_disjoint(chosen_logprobs, {logits, chosen_ids});
  }
  if (p.count > 0) {
    check_matrix(top_ids, stream);
    check_matrix(top_logprobs, stream);
    check_disjoint(top_ids, {logits, chosen_ids, chosen_logprobs, top_logprobs});
    check_disjoint(top_logprobs, {logits, chosen_ids, chosen_logprobs});
  }
  return true;
}

bool validate(const Stream& stream, llm42_sample_params& p) {
  check_range("rows", p.rows, 0, INT32_MAX);
  check_range("vocabulary", p.vocabulary, 1, INT32_MAX);
  check_zero("reserved", p.reserved);
  p.logits_stride = resolve_stride("logits_stride", p.logits_stride, p.vocabulary);
  const bool has_adjustments = p.adjustment_starts.buffer != nullptr;
  check_range(has_adjustments ? "adjustment_count" : "adjustment_count without adjustment_starts",
              p.adjustment_count, 0, has_adjustments ? INT32_MAX : 0);
  if (!has_adjustments && p.adjustments.buffer != nullptr) {
    fail_argument("adjustment_starts.buffer is NULL; adjustments need adjustment_starts");
  }
  const bool has_masks = p.mask_indices.buffer != nullptr;
  check_range(has_masks ? "mask_count" : "mask_count without mask_indices", p.mask_count, 0,
              has_masks ? INT32_MAX : 0);
  if (!has_masks && p.masks.buffer != nullptr) {
    fail_argument("mask_indices.buffer is NULL; masks need mask_indices");
  }
  if (p.rows == 0) {
    check_range("adjustment_count without rows", p.adjustment_count, 0, 0);
    check_range("mask_count without rows", p.mask_count, 0, 0);
    return false;
  }
  const Matrix logits{"logits", p.logits, 4, p.rows, p.vocabulary, p.logits_stride};
  const Matrix sampling = vector("sampling", p.sampling, sizeof(llm42_sampling_row), p.rows);
  const Matrix ids = vector("ids", p.ids, 4, p.rows);
  const Matrix margins = vector("margins", p.margins, 4, p.rows);
  const Matrix starts = vector("adjustment_starts", p.adjustment_starts, 4, int64_t{1} + p.rows);
  const Matrix adjustments =
      vector("adjustments", p.adjustments, sizeof(llm42_logit_adjustment), p.adjustment_count);
  const int64_t mask_words = (int64_t{p.vocabulary} + 31) / 32;
  const Matrix mask_indices = vector("mask_indices", p.mask_indices, 4, p.rows);
  const Matrix masks{"masks", p.masks, 4, p.mask_count, mask_words, mask_words};
  check_matrix(logits, stream);
  check_matrix(sampling, stream);
  check_matrix(ids, stream);
  if (has_masks) check_matrix(mask_indices, stream);
  if (p.mask_count > 0) check_matrix(masks, stream);
  if (has_adjustments) check_matrix(starts, stream);
  if (p.adjustment_count > 0) check_matrix(adjustments, stream);
  check_disjoint(ids, {logits, sampling, starts, adjustments, mask_indices, masks});
  if (p.margins.buffer != nullptr) {
    check_matrix(margins, stream);
    check_disjoint(margins, {logits, sampling, ids, starts, adjustments, mask_indices, masks});
  }
  return true;
}

bool validate(const Stream& stream, llm42_first_mismatch_params& p) {
  check_range("windows", p.windows, 0, INT32_MAX - 1);
  check_range("draft_count", p.draft_count, 0, INT32_MAX - 1 - p.windows);
  check_zero("reserved", p.reserved);
  if (p.windows == 0) {
    check_range("draft_count without windows", p.draft_count, 0, 0);
    return false;
  }
  const Matrix starts = vector("starts", p.starts, 4, int64_t{1} + p.windows);
  const Matrix drafts = vector("drafts", p.drafts, 4, p.draft_count);
  const Matrix predictions = vector("predictions", p.predictions, 4, int64_t{p.draft_count} + p.windows);
  const Matrix accepted = vector("accepted", p.accepted, 4, p.windows);
  check_matrix(starts, stream);
  if (p.draft_count > 0) check_matrix(drafts, stream);
  check_matrix(predictions, stream);
  check_matrix(accepted, stream);
  check_disjoint(accepted, {starts, drafts, predictions});
  return true;
}

}  // namespace llm42
