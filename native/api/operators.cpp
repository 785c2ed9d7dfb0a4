// llm42/embedding.h, linear.h, rms_norm.h, rope.h, attention.h, logprobs.h, sampling.h, verify.h, moe.h
#include <cstddef>

#include "api/call.h"
#include "core/validate.h"

using namespace llm42;

namespace {

template <class Params>
llm42_status run(const char* function, llm42_stream* stream, const Params* params,
                 void (llm42_stream::*run_operator)(const Params&),
                 uint32_t minimum = sizeof(Params)) noexcept {
  return call_recordable(function, stream, [&] {
    check_not_null("stream", stream);
    Params copy = read_params("params", params, minimum);
    if (!validate(*stream, copy)) return;
    stream->device->count_call();
    (stream->*run_operator)(copy);
  });
}

}  // namespace

llm42_status llm42_embedding(llm42_stream* stream, const llm42_embedding_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::embedding);
}

llm42_status llm42_gather_rows(llm42_stream* stream, const llm42_gather_rows_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::gather_rows);
}

llm42_status llm42_linear(llm42_stream* stream, const llm42_linear_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::linear);
}

llm42_status llm42_rms_norm(llm42_stream* stream, const llm42_rms_norm_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::rms_norm);
}

llm42_status llm42_rope_write_kv(llm42_stream* stream, const llm42_rope_write_kv_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::rope_write_kv);
}

llm42_status llm42_attention(llm42_stream* stream, const llm42_attention_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::attention);
}

llm42_status llm42_log_softmax(llm42_stream* stream, const llm42_log_softmax_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::log_softmax);
}

llm42_status llm42_top_logprobs(llm42_stream* stream, const llm42_top_logprobs_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::top_logprobs);
}

llm42_status llm42_sample(llm42_stream* stream, const llm42_sample_params* params) noexcept {
  // The struct once ended behind `margins`.
  return run(__func__, stream, params, &llm42_stream::sample,
             offsetof(llm42_sample_params, adjustment_starts));
}

llm42_status llm42_first_mismatch(llm42_stream* stream, const llm42_first_mismatch_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::first_mismatch);
}

llm42_status llm42_moe_route(llm42_stream* stream, const llm42_moe_route_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::moe_route);
}

llm42_status llm42_moe_permute(llm42_stream* stream, const llm42_moe_permute_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::moe_permute);
}

llm42_status llm42_grouped_linear(llm42_stream* stream, const llm42_grouped_linear_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::grouped_linear);
}

llm42_status llm42_moe_combine(llm42_stream* stream, const llm42_moe_combine_params* params) noexcept {
  return run(__func__, stream, params, &llm42_stream::moe_combine);
}
