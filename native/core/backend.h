// What a backend implements. The opaque handles of the C ABI are these abstract classes, so that a handle
// needs no look-up and a backend (the built-in cpu, or a plug-in) is exactly one subclass of each.
//
// Everything that arrives here has passed core/validate.h: parameters are in range, strides are resolved
// (never 0 for "dense"), views lie inside their buffers, handles belong to the stream's device, rows are not
// 0.
#pragma once

#include <memory>
#include <optional>

#include "core/recording.h"
#include "llm42/llm42.h"

struct llm42_device {
  explicit llm42_device(const llm42_device_options& options) : fail_call_(options.fail_call) {}
  llm42_device(const llm42_device&) = delete;
  llm42_device& operator=(const llm42_device&) = delete;
  virtual ~llm42_device() = default;

  virtual llm42_dtype activation_dtype() const = 0;
  virtual void get_info(llm42_device_info& info) const = 0;
  // Operations of `rounds` rounds of int8 products in registers; -1 where the backend has no such loop.
  virtual int64_t run_int8(int64_t rounds) const {
    (void)rounds;
    return -1;
  }
  virtual std::unique_ptr<llm42_stream> create_stream() = 0;
  virtual std::unique_ptr<llm42_buffer> create_buffer(int64_t size) = 0;
  virtual std::unique_ptr<llm42_kv_cache> create_kv_cache(const llm42_kv_cache_params& params) = 0;

  int64_t calls() const { return calls_; }

  // To be called by the edge before each call that puts work on a stream. Fails the one that the options
  // name.
  void count_call();

  // A number for a new stream: an address may come back, a number does not.
  int64_t number_stream() { return ++streams_; }

 private:
  const int64_t fail_call_;
  int64_t calls_ = 0;
  int64_t streams_ = 0;
};

struct llm42_buffer {
  llm42_buffer(llm42_device& owner, int64_t bytes) : device(&owner), size(bytes) {}
  llm42_buffer(const llm42_buffer&) = delete;
  llm42_buffer& operator=(const llm42_buffer&) = delete;
  virtual ~llm42_buffer() = default;

  llm42_device* const device;
  const int64_t size;
};

struct llm42_weight {
  llm42_weight(llm42_device& owner, const llm42_weight_info& shape) : device(&owner), info(shape) {}
  llm42_weight(const llm42_weight&) = delete;
  llm42_weight& operator=(const llm42_weight&) = delete;
  virtual ~llm42_weight() = default;

  // The packed elements in host memory, info.size bytes; NULL where the host does not reach them.
  virtual void* packed() const { return nullptr; }

  llm42_device* const device;
  const llm42_weight_info info;
};

struct llm42_kv_cache {
  llm42_kv_cache(llm42_device& owner, const llm42_kv_cache_params& params) : device(&owner), shape(params) {}
  llm42_kv_cache(const llm42_kv_cache&) = delete;
  llm42_kv_cache& operator=(const llm42_kv_cache&) = delete;
  virtual ~llm42_kv_cache() = default;

  llm42_device* const device;
  const llm42_kv_cache_params shape;
};

struct llm42_stream {
  explicit llm42_stream(llm42_device& owner) : device(&owner), number(owner.number_stream()) {}
  llm42_stream(const llm42_stream&) = delete;
  llm42_stream& operator=(const llm42_stream&) = delete;
  virtual ~llm42_stream() = default;

  virtual void synchronize() = 0;
  virtual void upload(llm42_buffer& buffer, int64_t offset, const void* source, int64_t size) = 0;
  virtual void download(const llm42_buffer& buffer, int64_t offset, void* destination, int64_t size) = 0;
  virtual std::unique_ptr<llm42_weight> create_weight(const llm42_weight_params& params) = 0;
  virtual std::unique_ptr<llm42_weight> create_unfilled_weight(const llm42_weight_info& shape);
  virtual void copy_page(llm42_kv_cache& cache, int32_t source, int32_t destination) = 0;

  virtual void embedding(const llm42_embedding_params& params) = 0;
  virtual void gather_rows(const llm42_gather_rows_params& params) = 0;
  virtual void linear(const llm42_linear_params& params) = 0;
  virtual void rms_norm(const llm42_rms_norm_params& params) = 0;
  virtual void rope_write_kv(const llm42_rope_write_kv_params& params) = 0;
  virtual void attention(const llm42_attention_params& params) = 0;
  virtual void log_softmax(const llm42_log_softmax_params& params) = 0;
  virtual void top_logprobs(const llm42_top_logprobs_params& params) = 0;
  virtual void sample(const llm42_sample_params& params) = 0;
  virtual void first_mismatch(const llm42_first_mismatch_params& params) = 0;
  virtual void moe_route(const llm42_moe_route_params& params) = 0;
  virtual void moe_permute(const llm42_moe_permute_params& params) = 0;
  virtual void grouped_linear(const llm42_grouped_linear_params& params) = 0;
  virtual void moe_combine(const llm42_moe_combine_params& params) = 0;

  // Graphs; a backend without them overrides none of these. Between begin_graph() and end_graph() or
  // drop_graph(), which come on the same thread, the edge lets through nothing but operators and page copies.
  // Also after a failure of end_graph() the stream records no longer.
  virtual void begin_graph();
  virtual std::unique_ptr<llm42_graph> end_graph();
  virtual void drop_graph();
  virtual void launch(llm42_graph& graph);  // one that this stream made

  llm42_device* const device;
  const int64_t number;                       // among the streams of its device
  std::optional<llm42::Recording> recording;  // of the edge
};

struct llm42_graph {
  explicit llm42_graph(const llm42_stream& owner) : device(owner.device), stream_number(owner.number) {}
  llm42_graph(const llm42_graph&) = delete;
  llm42_graph& operator=(const llm42_graph&) = delete;
  virtual ~llm42_graph() = default;

  llm42_device* const device;
  const int64_t stream_number;  // llm42_stream::number of the one that made it
};

namespace llm42 {

using Device = ::llm42_device;
using Stream = ::llm42_stream;
using Buffer = ::llm42_buffer;
using Weight = ::llm42_weight;
using KvCache = ::llm42_kv_cache;
using Graph = ::llm42_graph;

}  // namespace llm42
