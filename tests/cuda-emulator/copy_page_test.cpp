#include "cuda/kernels/copy_page/copy_page.h"

#include <gtest/gtest.h>

#include <vector>

namespace llm42::cuda {
namespace {

TEST(EmulatedCopyPage, CopiesOnePageInEveryLayerAndNothingElse) {
  for (const int64_t page_elements : {8, 16, 8192, 8200, 20000}) {
    constexpr int32_t layers = 3, pages = 5;
    const auto size = static_cast<size_t>(layers * pages * page_elements);
    std::vector<bf16> memory(size + 8);
    bf16* cache = reinterpret_cast<bf16*>((reinterpret_cast<uintptr_t>(memory.data()) + 15) / 16 * 16);
    for (size_t i = 0; i < size; ++i) cache[i].bits = static_cast<uint16_t>(i * 40503 + i / 65536);
    const std::vector<bf16> before(cache, cache + size);
    ASSERT_EQ(copy_page({cache, page_elements, layers, pages, 3, 1}, nullptr), cudaSuccess);
    for (int64_t layer = 0; layer < layers; ++layer) {
      for (int64_t page = 0; page < pages; ++page) {
        for (int64_t i = 0; i < page_elements; ++i) {
          const int64_t from = page == 1 ? 3 : page;
          ASSERT_EQ(cache[(layer * pages + page) * page_elements + i].bits,
                    before[static_cast<size_t>((layer * pages + from) * page_elements + i)].bits)
              << "layer " << layer << ", page " << page << ", element " << i << " of " << page_elements;
        }
      }
    }
  }
}

TEST(EmulatedCopyPage, RefusesWhatIsOutOfRange) {
  alignas(16) bf16 cache[64]{};
  EXPECT_EQ(copy_page({cache, 8, 2, 4, 0, 3}, nullptr), cudaSuccess);
  EXPECT_EQ(copy_page({cache, 8, 2, 4, 0, 4}, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(copy_page({cache, 8, 2, 4, -1, 0}, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(copy_page({cache, 7, 2, 4, 0, 1}, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(copy_page({cache, 8, 0, 4, 0, 1}, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(copy_page({cache + 1, 8, 1, 4, 0, 1}, nullptr), cudaErrorInvalidValue);
}

}  // namespace
}  // namespace llm42::cuda
