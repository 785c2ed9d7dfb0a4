// Packing of weights into panels, and reading rows back (embedding).
#include <algorithm>
#include <cstring>

#include "core/dtype.h"
#include "core/error.h"
#include "core/weight_source.h"
#include "cpu/int8_weight.h"
#include "cpu/objects.h"
#include "cpu/thread_pool.h"
#include "cpu/weight_panels.h"

namespace llm42::cpu {

namespace {

int64_t size_of_format(llm42_dtype format) {
  return format == LLM42_DTYPE_F32 ? 4 : 2;
}

float read_f32(const std::byte* source, llm42_dtype dtype) {
  if (dtype == LLM42_DTYPE_F32) {
    float value;
    std::memcpy(&value, source, sizeof value);
    return value;
  }
  uint16_t half;
  std::memcpy(&half, source, sizeof half);
  return dtype == LLM42_DTYPE_F16 ? f16_to_f32(half) : bf16_to_f32(half);
}

void write_f32(std::byte* destination, llm42_dtype format, float value) {
  if (format == LLM42_DTYPE_F32) {
    std::memcpy(destination, &value, sizeof value);
    return;
  }
  const uint16_t half = format == LLM42_DTYPE_F16 ? f32_to_f16(value) : f32_to_bf16(value);
  std::memcpy(destination, &half, sizeof half);
}

// Columns of a panel that are packed together: 32 rows x 64 columns of source fit the first-level cache.
constexpr int64_t column_block = 64;

// Fills one column of a panel, elements begin..end of a source row, without a change of type.
template <class Element>
void copy_column(const std::byte* source, std::byte* column, int64_t begin, int64_t end) {
  for (int64_t k = begin; k < end; ++k) {
    std::memcpy(column + k * panel_columns * int64_t{sizeof(Element)}, source + k * int64_t{sizeof(Element)},
                sizeof(Element));
  }
}

void convert_column(const std::byte* source, llm42_dtype dtype, std::byte* column, llm42_dtype format,
                    int64_t begin, int64_t end) {
  const int64_t read_size = size_of_format(dtype);
  const int64_t write_size = size_of_format(format);
  if (dtype == format && read_size == 2) return copy_column<uint16_t>(source, column, begin, end);
  if (dtype == format) return copy_column<uint32_t>(source, column, begin, end);
  for (int64_t k = begin; k < end; ++k) {
    write_f32(column + k * panel_columns * write_size, format, read_f32(source + k * read_size, dtype));
  }
}

}  // namespace

CpuWeight::CpuWeight(CpuDevice& owner, const llm42_weight_info& shape)
    : llm42_weight(owner, shape), block_(owner.memory(), shape.size, "weight") {}

int64_t CpuWeight::packed_size(const llm42_weight_info& shape) {
  // At most 2^31 rows and padding, 2^24 columns and 4 bytes: no overflow.
  return shape.groups * panel_count(shape) * panel_columns * shape.columns * size_of_format(shape.format);
}

Format CpuWeight::format() const {
  if (info.format == LLM42_DTYPE_F32) return format_f32;
  return info.format == LLM42_DTYPE_F16 ? format_f16 : format_bf16;
}

int64_t CpuWeight::panels() const {
  return panel_count(info);
}
int64_t CpuWeight::element_size() const {
  return size_of_format(info.format);
}

std::unique_ptr<llm42_weight> CpuStream::create_weight(const llm42_weight_params& params) {
  if (params.format == LLM42_DTYPE_I8) return create_int8_weight(device_, params);
  llm42_weight_info info{};
  info.struct_size = sizeof info;
  info.format = params.format;
  info.layout = params.layout;
  info.columns = params.columns;
  info.groups = params.groups;
  for (int32_t i = 0; i < params.part_count / params.groups; ++i) info.rows += params.parts[i].rows;
  info.packing = packing_version;
  info.size = CpuWeight::packed_size(info);
  const int64_t panels = panel_count(info);
  auto weight = std::make_unique<CpuWeight>(device_, info);

  const int64_t element = weight->element_size();
  parallel_for(device_.pool(), device_.threads_for(info.groups * info.rows * info.columns),
               info.groups * panels, 1, [&](int64_t panel, int) {
                 const std::byte* rows[panel_columns];
                 for (int64_t column = 0; column < panel_columns; ++column) {
                   const int64_t row = row_of_column(info, panel % panels, column);
                   rows[column] = row < 0 ? nullptr : source_row(params, panel / panels, row).data;
                 }
                 for (int64_t begin = 0; begin < info.columns; begin += column_block) {
                   const int64_t end = std::min<int64_t>(begin + column_block, info.columns);
                   for (int64_t column = 0; column < panel_columns; ++column) {
                     if (rows[column] == nullptr) continue;  // the block came zero-filled
                     convert_column(rows[column], params.dtype, weight->panel(panel) + column * element,
                                    params.format, begin, end);
                   }
                 }
               });
  return weight;
}

std::unique_ptr<llm42_weight> CpuStream::create_unfilled_weight(const llm42_weight_info& shape) {
  if (shape.packing != packing_version) {
    fail_argument("shape.packing is ", shape.packing, "; this library packs weights as version ",
                  packing_version, ": pack them again from their source");
  }
  const bool is_int8 = shape.format == LLM42_DTYPE_I8;
  const int64_t size = is_int8 ? CpuInt8Weight::packed_size(shape) : CpuWeight::packed_size(shape);
  if (shape.size != size) {
    fail_argument("shape.size is ", shape.size, "; a weight of that shape takes ", size, " bytes");
  }
  if (is_int8) return std::make_unique<CpuInt8Weight>(device_, shape);
  return std::make_unique<CpuWeight>(device_, shape);
}

void CpuStream::embedding(const llm42_embedding_params& p) {
  const auto& table = static_cast<const CpuWeight&>(*p.table);
  const auto* ids = at<const int32_t>(p.ids);
  for (int64_t row = 0; row < p.rows; ++row) check_index("ids", row, ids[row], 0, table.info.rows - 1);
  auto* output = at<float>(p.output);
  const int64_t width = table.info.columns;
  const int64_t element = table.element_size();
  parallel_for(device_.pool(), device_.threads_for(p.rows * width), p.rows, 1, [&](int64_t row, int) {
    const std::byte* column = table.panel(ids[row] / panel_columns) + ids[row] % panel_columns * element;
    for (int64_t k = 0; k < width; ++k) {
      output[row * width + k] = read_f32(column + k * panel_columns * element, table.info.format);
    }
  });
}

}  // namespace llm42::cpu
