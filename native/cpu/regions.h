// Memory from the kernel in huge pages, where it has them: weights are read once per token, so the
// translation look-aside buffer matters, and many a weight is smaller than a huge page. Blocks lie side by
// side in regions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace llm42::cpu {

class Regions {
 public:
  // Those of the process.
  static Regions& shared();

  // `size` bytes aligned to 64, zeroed on first touch; null where the system refuses them.
  std::byte* take(int64_t size);

  // What was taken. Its pages go back to the kernel at once, and its addresses with the last of the region.
  void give_back(std::byte* data, int64_t size);

 private:
  struct Region {
    std::byte* data;
    int64_t size;
    int64_t used;
    int64_t blocks;
  };

  std::mutex mutex_;
  std::vector<Region> regions_;
};

}  // namespace llm42::cpu
