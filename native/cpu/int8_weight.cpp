#include "cpu/int8_weight.h"

#include <algorithm>
#include <vector>

#include "core/weight_source.h"
#include "cpu/thread_pool.h"
#include "cpu/weight_panels.h"

namespace llm42::cpu {

namespace {

// Fills one column of a panel.
void pack_column(const llm42_weight_params& params, const std::byte* source, float scale, int8_t* column) {
  float values[source_block];
  for (int64_t begin = 0; begin < params.columns; begin += source_block) {
    const int64_t count = std::min<int64_t>(source_block, params.columns - begin);
    read_f32(source, params.dtype, begin, count, values);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t k = begin + i;
      column[k / 4 * 4 * panel_columns + k % 4] = f32_to_i8(values[i], scale);
    }
  }
}

}  // namespace

CpuInt8Weight::CpuInt8Weight(CpuDevice& owner, const llm42_weight_info& shape)
    : llm42_weight(owner, shape), block_(owner.memory(), shape.size, "weight") {}

int64_t CpuInt8Weight::panels() const {
  return panel_count(info);
}

int64_t CpuInt8Weight::packed_size(const llm42_weight_info& shape) {
  // At most 2^31 rows and padding, 2^24 columns: no overflow.
  return shape.groups * panel_count(shape) * panel_columns *
         (quads_of(shape.columns) * 4 + int64_t{sizeof(float)});
}

std::unique_ptr<llm42_weight> create_int8_weight(CpuDevice& device, const llm42_weight_params& params) {
  llm42_weight_info info{};
  info.struct_size = sizeof info;
  info.format = LLM42_DTYPE_I8;
  info.layout = params.layout;
  info.columns = params.columns;
  info.groups = params.groups;
  info.packing = packing_version;
  for (int32_t i = 0; i < params.part_count / params.groups; ++i) info.rows += params.parts[i].rows;
  info.size = CpuInt8Weight::packed_size(info);

  // What may be refused comes first, on this thread: the body of a parallel loop must not throw.
  const int64_t rows = info.groups * info.rows;
  const int threads = device.threads_for(rows * info.columns);
  std::vector<float> scales(static_cast<size_t>(rows), -1.0f);
  const auto source_of = [&](int64_t row) { return source_row(params, row / info.rows, row % info.rows); };
  parallel_for(device.pool(), threads, rows, 16, [&](int64_t row, int) {
    try {
      scales[static_cast<size_t>(row)] = scale_of_row(params, source_of(row));
    } catch (const Error&) {
      // Found again below, by the lowest row.
    }
  });
  for (int64_t row = 0; row < rows; ++row) {
    if (scales[static_cast<size_t>(row)] < 0) scale_of_row(params, source_of(row));
  }

  auto weight = std::make_unique<CpuInt8Weight>(device, info);
  const int64_t panels = weight->panels();
  parallel_for(device.pool(), threads, info.groups * panels, 1, [&](int64_t panel, int) {
    for (int64_t column = 0; column < panel_columns; ++column) {
      const int64_t row = row_of_column(info, panel % panels, column);
      if (row < 0) continue;  // the block came zero-filled
      const int64_t place = panel / panels * info.rows + row;
      const float scale = scales[static_cast<size_t>(place)];
      weight->scales(panel)[column] = scale;
      pack_column(params, source_of(place).data, scale, weight->panel(panel) + column * 4);
    }
  });
  return weight;
}

}  // namespace llm42::cpu
