// Devices, buffers, weights and caches.
#include "core/check.h"
#include "core/error.h"
#include "core/validate.h"

namespace llm42 {

int32_t size_of(llm42_dtype dtype) {
  if (dtype == LLM42_DTYPE_I8) return 1;
  return dtype == LLM42_DTYPE_F16 || dtype == LLM42_DTYPE_BF16 ? 2 : 4;
}

const char* name_of(llm42_dtype dtype) {
  switch (dtype) {
    case LLM42_DTYPE_DEFAULT:
      return "default";
    case LLM42_DTYPE_F32:
      return "f32";
    case LLM42_DTYPE_F16:
      return "f16";
    case LLM42_DTYPE_BF16:
      return "bf16";
    case LLM42_DTYPE_I32:
      return "i32";
    case LLM42_DTYPE_I8:
      return "i8";
    default:
      return "unknown";
  }
}

int32_t activation_size(const Stream& stream) {
  return size_of(stream.device->activation_dtype());
}

void validate(const llm42_device_options& options) {
  check_not_null("options.backend", options.backend);
  check_range("options.ordinal", options.ordinal, 0, INT32_MAX);
  check_range("options.threads", options.threads, 0, 1024);
  check_range("options.planned_threads", options.planned_threads, 0, 1024);
  check_range("options.isa", options.isa, LLM42_CPU_ISA_AUTO, LLM42_CPU_ISA_AVX512);
  check_zero("options.reserved", options.reserved);
  check_range("options.memory_limit", options.memory_limit, 0, INT64_MAX);
  check_range("options.fail_call", options.fail_call, 0, INT64_MAX);
}

void validate_buffer_size(int64_t size) {
  check_range("size", size, 1, int64_t{1} << 46);
}

void validate_copy(const Stream& stream, const Buffer* buffer, int64_t offset, const char* host_name,
                   const void* host, int64_t size) {
  check_handle("buffer", buffer, stream);
  check_range("offset", offset, 0, buffer->size);
  check_range("size", size, 0, buffer->size - offset);
  if (size != 0) check_not_null(host_name, host);
}

namespace {

bool is_float(llm42_dtype dtype) {
  return dtype == LLM42_DTYPE_F32 || dtype == LLM42_DTYPE_F16 || dtype == LLM42_DTYPE_BF16;
}

// The parts of every group make a matrix of the same shape, and of the layout.
void check_groups(const llm42_weight_params& params) {
  const int32_t parts = params.part_count / params.groups;
  const bool is_gate_up = params.layout == LLM42_WEIGHT_LAYOUT_GATE_UP;
  if (is_gate_up && parts != 2) {
    fail_argument("part_count is ", params.part_count, "; layout gate_up takes ", 2 * params.groups,
                  ", gate then up of each group");
  }
  int64_t first_rows = 0;
  for (int32_t group = 0; group < params.groups; ++group) {
    const int32_t first = group * parts;
    const llm42_weight_part* const part = params.parts + first;
    if (is_gate_up && part[0].rows != part[1].rows) {
      fail_argument("parts[", first + 1, "].rows is ", part[1].rows,
                    "; layout gate_up needs it equal to parts[", first, "].rows (", part[0].rows, ")");
    }
    int64_t rows = 0;
    for (int32_t i = 0; i < parts; ++i) rows += part[i].rows;
    if (group == 0) first_rows = rows;
    if (rows != first_rows) {
      fail_argument("group ", group, " (parts[", first, "] and on) has ", rows, " rows and group 0 has ",
                    first_rows, "; the matrices of a weight have one shape");
    }
  }
}

}  // namespace

void validate(llm42_weight_params& params) {
  if (!is_float(params.dtype)) {
    fail_argument("dtype is ", params.dtype, " (", name_of(params.dtype), "); it must be f32, f16 or bf16");
  }
  if (params.format == LLM42_DTYPE_DEFAULT) params.format = params.dtype;
  if (!is_float(params.format) && params.format != LLM42_DTYPE_I8) {
    fail_argument("format is ", params.format, " (", name_of(params.format),
                  "); it must be default, f32, f16, bf16 or i8");
  }
  check_range("layout", params.layout, LLM42_WEIGHT_LAYOUT_ROWS, LLM42_WEIGHT_LAYOUT_GATE_UP);
  check_range("columns", params.columns, 1, 1 << 24);
  if (params.groups == 0) params.groups = 1;
  check_range("groups", params.groups, 1, 1024);
  check_zero("reserved", params.reserved);
  check_range("part_count", params.part_count, 1, int64_t{64} * params.groups);
  check_multiple("part_count", params.part_count, "groups", params.groups);
  check_not_null("parts", params.parts);
  int64_t rows = 0;
  for (int32_t i = 0; i < params.part_count; ++i) {
    const llm42_weight_part& part = params.parts[i];
    const std::string name = text("parts[", i, "]");
    check_not_null((name + ".data").c_str(), part.data);
    check_range((name + ".rows").c_str(), part.rows, 1, max_extent);
    const int64_t size = part.rows * params.columns * size_of(params.dtype);
    if (part.size != size) {
      fail_argument(name, ".size is ", part.size, "; ", part.rows, " rows of ", params.columns, " ",
                    name_of(params.dtype), " elements are ", size, " bytes");
    }
    rows += part.rows;
  }
  check_range("rows over all parts", rows, 1, max_extent);
  check_groups(params);
}

void validate(const llm42_weight_info& shape) {
  if (!is_float(shape.format) && shape.format != LLM42_DTYPE_I8) {
    fail_argument("shape.format is ", shape.format, " (", name_of(shape.format),
                  "); it must be f32, f16, bf16 or i8");
  }
  check_range("shape.layout", shape.layout, LLM42_WEIGHT_LAYOUT_ROWS, LLM42_WEIGHT_LAYOUT_GATE_UP);
  check_range("shape.columns", shape.columns, 1, 1 << 24);
  check_range("shape.groups", shape.groups, 1, 1024);
  check_range("shape.rows", shape.rows, 1, max_extent / shape.groups);
  if (shape.layout == LLM42_WEIGHT_LAYOUT_GATE_UP) {
    check_multiple("shape.rows", shape.rows, "the parts of layout gate_up", 2);
  }
  check_zero("shape.reserved", shape.reserved);
  check_zero("shape.reserved_2", shape.reserved_2);
}

void validate(llm42_kv_cache_params& params) {
  if (params.dtype == LLM42_DTYPE_DEFAULT) params.dtype = LLM42_DTYPE_BF16;
  if (params.dtype != LLM42_DTYPE_F32 && params.dtype != LLM42_DTYPE_BF16) {
    fail_argument("dtype is ", params.dtype, " (", name_of(params.dtype),
                  "); it must be default, f32 or bf16");
  }
  check_range("layers", params.layers, 1, 4096);
  check_range("kv_heads", params.kv_heads, 1, 1024);
  check_range("head_size", params.head_size, 1, 1024);
  check_range("page_size", params.page_size, 8, 1024);
  if ((params.page_size & (params.page_size - 1)) != 0) {
    fail_argument("page_size is ", params.page_size, "; it must be a power of two");
  }
  check_range("pages", params.pages, 1, INT32_MAX / params.page_size);
}

void validate_copy_page(const Stream& stream, const KvCache* cache, int32_t source, int32_t destination) {
  check_handle("cache", cache, stream);
  check_range("source", source, 0, cache->shape.pages - 1);
  check_range("destination", destination, 0, cache->shape.pages - 1);
}

void validate_not_recording(const Stream& stream, const char* what) {
  if (!stream.recording) return;
  fail_argument("stream is recording a graph, and ", what,
                " cannot be recorded; call this before llm42_graph_begin or after llm42_graph_end");
}

void validate_end_graph(const Stream& stream) {
  if (!stream.recording) fail_argument("stream is not recording a graph; call llm42_graph_begin before");
  if (!stream.recording->is_of_this_thread()) {
    fail_argument("stream is recording a graph that another thread began; end it on that thread");
  }
}

void validate_launch(const Stream& stream, const Graph* graph) {
  check_handle("graph", graph, stream);
  validate_not_recording(stream, "the launch of a graph");
  if (graph->stream_number != stream.number) {
    fail_argument("graph was recorded on stream ", graph->stream_number, " of the device, not on this one, ",
                  stream.number, "; launch it where it was recorded");
  }
}

}  // namespace llm42
