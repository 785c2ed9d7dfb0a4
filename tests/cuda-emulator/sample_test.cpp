#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "cpu_backend.h"
#include "cuda/kernels/sampling/gumbel.h"
#include "cuda/kernels/sampling/sampling.h"
#include "emulator/sanitizer.h"

namespace llm42::cuda {
namespace {

static_assert(sizeof(SamplingRow) == sizeof(llm42_sampling_row));
static_assert(offsetof(SamplingRow, min_p) == offsetof(llm42_sampling_row, min_p));
static_assert(offsetof(SamplingRow, top_k) == offsetof(llm42_sampling_row, top_k));
static_assert(offsetof(SamplingRow, seed) == offsetof(llm42_sampling_row, seed));
static_assert(offsetof(SamplingRow, position) == offsetof(llm42_sampling_row, position));
static_assert(sizeof(LogitAdjustment) == sizeof(llm42_logit_adjustment));
static_assert(offsetof(LogitAdjustment, repetition) == offsetof(llm42_logit_adjustment, repetition));

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

struct Batch {
  int vocabulary;
  std::vector<float> logits;
  std::vector<SamplingRow> rules;
  std::vector<int32_t> starts;  // or empty
  std::vector<LogitAdjustment> adjustments;
  std::vector<int32_t> mask_indices{};  // or empty
  std::vector<uint32_t> masks{};

  int64_t mask_count() const { return int64_t(masks.size()) / ((vocabulary + 31) / 32); }
  int rows() const { return int(rules.size()); }
};

struct Choices {
  std::vector<int32_t> ids;
  std::vector<float> margins;
  ErrorSlot error{};
};

Choices run(const Batch& batch) {
  Choices choices{std::vector<int32_t>(batch.rows(), -5), std::vector<float>(batch.rows(), nan)};
  std::vector<float> workspace(sample_workspace_bytes(batch.rows(), batch.vocabulary,
                                                      int64_t(batch.adjustments.size()), batch.mask_count()) /
                                   sizeof(float),
                               nan);
  Sample work{};
  work.logits = batch.logits.data();
  work.logits_stride = batch.vocabulary;
  work.sampling = batch.rules.data();
  work.ids = choices.ids.data();
  work.margins = choices.margins.data();
  work.adjustment_starts = batch.starts.empty() ? nullptr : batch.starts.data();
  work.adjustments = batch.adjustments.data();
  work.adjustment_count = int64_t(batch.adjustments.size());
  work.mask_indices = batch.mask_indices.empty() ? nullptr : batch.mask_indices.data();
  work.masks = batch.masks.data();
  work.mask_count = batch.mask_count();
  work.workspace = workspace.data();
  work.error = &choices.error;
  work.rows = batch.rows();
  work.vocabulary = batch.vocabulary;
  EXPECT_EQ(sample(work, nullptr), cudaSuccess);
  return choices;
}

Choices run_on_cpu(const Batch& batch) {
  CpuBackend cpu;
  llm42_sample_params p{};
  p.struct_size = sizeof p;
  p.rows = batch.rows();
  p.vocabulary = batch.vocabulary;
  p.logits = cpu.upload(batch.logits);
  p.sampling = cpu.upload(batch.rules);
  p.ids = cpu.allocate(batch.rows() * 4);
  p.margins = cpu.allocate(batch.rows() * 4);
  if (!batch.starts.empty()) {
    p.adjustment_starts = cpu.upload(batch.starts);
    p.adjustment_count = int64_t(batch.adjustments.size());
    if (!batch.adjustments.empty()) p.adjustments = cpu.upload(batch.adjustments);
  }
  if (!batch.mask_indices.empty()) {
    p.mask_indices = cpu.upload(batch.mask_indices);
    p.mask_count = batch.mask_count();
    if (!batch.masks.empty()) p.masks = cpu.upload(batch.masks);
  }
  CpuBackend::check(llm42_sample(cpu.stream(), &p));
  return {cpu.download<int32_t>(p.ids, batch.rows()), cpu.download<float>(p.margins, batch.rows())};
}

void expect_same(const Choices& expected, const Choices& actual, const std::string& what) {
  ASSERT_EQ(expected.ids.size(), actual.ids.size());
  for (size_t row = 0; row < expected.ids.size(); ++row) {
    ASSERT_EQ(expected.ids[row], actual.ids[row]) << what << ", row " << row;
    ASSERT_EQ(std::bit_cast<uint32_t>(expected.margins[row]), std::bit_cast<uint32_t>(actual.margins[row]))
        << what << ", row " << row << ": " << expected.margins[row] << " and " << actual.margins[row];
  }
}

Batch random_batch(int rows, int vocabulary, uint32_t seed, float spread) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, spread);
  Batch batch{vocabulary, std::vector<float>(size_t(rows) * vocabulary), {}, {}, {}};
  for (float& logit : batch.logits) logit = normal(random);
  for (int row = 0; row < rows; ++row) {
    SamplingRow rule{};
    rule.temperature = row % 5 == 0 ? 0.0f : std::exp(0.7f * normal(random) / spread);
    rule.top_p = row % 3 == 0 ? 1.0f : 0.05f + 0.9f * (random() % 1000) / 1000.0f;
    rule.min_p = row % 4 == 1 ? 0.2f * (random() % 1000) / 1000.0f : 0.0f;
    rule.top_k = row % 7 < 3 ? 0 : int(random() % (vocabulary + 5));
    rule.seed = uint64_t{random()} << 32 | random();
    rule.position = row % 6 == 0 ? int64_t(random()) << 20 : row;
    batch.rules.push_back(rule);
    if (row % 10 == 5) {  // greedy, with ties
      for (int id = 0; id < vocabulary; ++id) {
        float& logit = batch.logits[size_t(row) * vocabulary + id];
        logit = std::min(std::round(logit / spread), 2.0f);
      }
    }
  }
  return batch;
}

void add_adjustments(Batch& batch, uint32_t seed) {
  std::mt19937 random(seed);
  batch.starts = {0};
  for (int row = 0; row < batch.rows(); ++row) {
    const int step = row % 3 == 0 ? 1 : 17;
    for (int id = int(random() % 5); row % 4 != 3 && id < batch.vocabulary; id += step) {
      batch.adjustments.push_back({id, float(int(random() % 9) - 4), 0.5f + (random() % 100) / 50.0f,
                                   float(int(random() % 5) - 2) / 2.0f});
    }
    batch.starts.push_back(int32_t(batch.adjustments.size()));
  }
}

// Three masks for the rows in turn, and none for every fourth row.
void add_masks(Batch& batch, uint32_t seed) {
  std::mt19937 random(seed);
  const int words = (batch.vocabulary + 31) / 32;
  for (int mask = 0; mask < 3; ++mask) {
    for (int word = 0; word < words; ++word) {
      batch.masks.push_back(mask == 0 ? uint32_t(random()) : mask == 1 ? uint32_t(random() & random()) : 0u);
    }
    const int kept = int(random() % batch.vocabulary);
    batch.masks[size_t(mask) * words + kept / 32] |= 1u << (kept % 32);
  }
  for (int row = 0; row < batch.rows(); ++row) batch.mask_indices.push_back(row % 4 - 1);
}

bool is_allowed(const Batch& batch, int row, int32_t id) {
  const int mask = batch.mask_indices[row];
  if (mask < 0) return true;
  return (batch.masks[size_t(mask) * ((batch.vocabulary + 31) / 32) + id / 32] >> (id % 32) & 1) != 0;
}

TEST(EmulatedSample, ChoosesAndMeasuresAsTheCpuBackend) {
  for (const int vocabulary : {1, 2, 3, 17, 1000, 5003}) {
    for (const float spread : {0.5f, 3.0f, 12.0f}) {
      if (emu::is_sanitized && spread != 3.0f) continue;
      Batch batch = random_batch(emu::is_sanitized ? 7 : 28, vocabulary, uint32_t(vocabulary), spread);
      const std::string what =
          "vocabulary " + std::to_string(vocabulary) + ", spread " + std::to_string(spread);
      expect_same(run_on_cpu(batch), run(batch), what);
      if (HasFatalFailure()) return;
      add_adjustments(batch, 9);
      expect_same(run_on_cpu(batch), run(batch), what + ", adjusted");
      if (HasFatalFailure()) return;
      if (spread != 3.0f) continue;
      add_masks(batch, 11);
      const Choices masked = run(batch);
      expect_same(run_on_cpu(batch), masked, what + ", masked");
      if (HasFatalFailure()) return;
      for (int row = 0; row < batch.rows(); ++row) {
        EXPECT_TRUE(is_allowed(batch, row, masked.ids[row])) << what << ", row " << row;
      }
    }
  }
}

TEST(EmulatedSample, OddLogitsChooseAsOnTheCpuBackend) {
  const std::vector<std::vector<float>> rows{
      {-infinity, nan, -infinity, nan},
      {nan, nan, nan, nan},
      {-infinity, -3e38f, nan, -infinity},
      {nan, 1.0f, infinity, infinity},
      {nan, 1.0f, -infinity, 1},
      {infinity, nan, infinity, -infinity},
      {5, 5, 5, 5},
      {-0.0f, 0.0f, -0.0f, 0},
      {3e38f, 3.1e38f, -3e38f, 0},
  };
  for (const float temperature : {0.0f, 0.01f, 1.0f, 100.0f}) {
    if (emu::is_sanitized && temperature != 1.0f) continue;
    for (const float top_p : {1.0f, 0.6f}) {
      for (const int top_k : {0, 1, 3}) {
        if (emu::is_sanitized && (top_k == 1 || (top_p == 1.0f) == (top_k == 3))) continue;
        Batch batch{4, {}, {}, {}, {}};
        for (const auto& row : rows) {
          batch.logits.insert(batch.logits.end(), row.begin(), row.end());
          batch.rules.push_back({temperature, top_p, 0.0f, top_k, 4, 2});
        }
        const std::string what = "temperature " + std::to_string(temperature) + ", top-p " +
                                 std::to_string(top_p) + ", top-k " + std::to_string(top_k);
        expect_same(run_on_cpu(batch), run(batch), what);
        if (HasFatalFailure()) return;
        batch.masks = {0xfffffffcu};
        batch.mask_indices = std::vector<int32_t>(batch.rules.size(), 0);
        const Choices masked = run(batch);
        expect_same(run_on_cpu(batch), masked, what + ", masked");
        if (HasFatalFailure()) return;
        for (const int32_t id : masked.ids) EXPECT_GE(id, 2) << what;
      }
    }
  }
}

// Of tokens equally likely, top-p, top-k and min-p keep those with the lowest ids, and all of those.
TEST(EmulatedSample, TiesAtTheCutGoToTheLowerIds) {
  struct Case {
    SamplingRow rule;
    int kept;
  };
  for (const Case& c :
       {Case{{1, 0.45f, 0, 0, 0, 0}, 5}, Case{{1, 1, 0, 3, 0, 0}, 3}, Case{{1, 0.5f, 0, 4, 0, 0}, 2},
        Case{{1, 1, 1, 0, 0, 0}, 10}, Case{{1, 1e-30f, 0, 0, 0, 0}, 1}}) {
    Batch batch{10, {}, {}, {}, {}};
    for (uint64_t seed = 0; seed < (emu::is_sanitized ? 4 : 40); ++seed) {
      for (int i = 0; i < 10; ++i) batch.logits.push_back(1.25f);
      batch.rules.push_back(c.rule);
      batch.rules.back().seed = seed;
    }
    const Choices choices = run(batch);
    if (!emu::is_sanitized) {
      EXPECT_EQ(std::set<int32_t>(choices.ids.begin(), choices.ids.end()).size(), size_t(c.kept));
    }
    for (const int32_t id : choices.ids) EXPECT_LT(id, c.kept);
  }
}

// Tokens that no noise could lift are skipped; one that very rare noise does lift must not be.
TEST(EmulatedSample, RareNoiseLiftsAnUnlikelyToken) {
  Batch batch{6, {}, {}, {}, {}};
  for (uint64_t seed = 0; batch.rules.size() < 3 && seed < 20'000'000; ++seed) {
    uint32_t words[2][4];
    philox(0, seed, 9, words[0]);
    if (words[0][0] >> 31 != 0 || words[0][1] >> 31 != 0) continue;  // noise below 0.37
    philox(4, seed, 9, words[1]);
    if (words[1][1] < 0xffff8000u) continue;  // noise above 11.7
    batch.rules.push_back({1, 1, 0, 0, seed, 9});
    batch.logits.insert(batch.logits.end(), {0, 0, -infinity, -infinity, -infinity, -11.25f});
  }
  ASSERT_EQ(batch.rules.size(), 3u);
  const Choices choices = run(batch);
  EXPECT_EQ(choices.ids, std::vector<int32_t>(3, 5));
  expect_same(run_on_cpu(batch), choices, "rare noise");
}

TEST(EmulatedSample, ARowChoosesAsItDoesAlone) {
  Batch batch = random_batch(12, 3001, 5, 4.0f);
  add_adjustments(batch, 6);
  const Choices together = run(batch);
  for (int row = 0; row < batch.rows(); ++row) {
    Batch alone{
        batch.vocabulary,
        {batch.logits.begin() + row * batch.vocabulary, batch.logits.begin() + (row + 1) * batch.vocabulary},
        {batch.rules[row]},
        {0, batch.starts[row + 1] - batch.starts[row]},
        {batch.adjustments.begin() + batch.starts[row], batch.adjustments.begin() + batch.starts[row + 1]}};
    const Choices choice = run(alone);
    EXPECT_EQ(choice.ids[0], together.ids[row]) << "row " << row;
    EXPECT_EQ(std::bit_cast<uint32_t>(choice.margins[0]), std::bit_cast<uint32_t>(together.margins[row]));
  }
}

TEST(EmulatedSample, RulesOutOfRangeAreReportedAndHarmOnlyTheirRows) {
  const Batch good = random_batch(3, 100, 5, 4.0f);
  const Choices expected = run(good);
  const auto expect_refused = [&](const Batch& bad, Checked checked, int64_t place, int line) {
    const Choices choices = run(bad);
    EXPECT_EQ(choices.error.checked, checked) << "line " << line;
    EXPECT_EQ(choices.error.place, place) << "line " << line;
    EXPECT_EQ(choices.ids[1], -5) << "line " << line;
    EXPECT_EQ(choices.ids[0], expected.ids[0]) << "line " << line;
    EXPECT_EQ(choices.ids[2], expected.ids[2]) << "line " << line;
  };
  const auto with_rule = [&](auto change) {
    Batch bad = good;
    change(bad.rules[1]);
    return bad;
  };
  for (const float temperature : {-1.0f, 0.005f, 101.0f, nan, infinity}) {
    expect_refused(with_rule([&](SamplingRow& r) { r.temperature = temperature; }),
                   Checked::sampling_temperature, 1, __LINE__);
  }
  for (const float top_p : {0.0f, -1.0f, 1.5f, nan}) {
    expect_refused(with_rule([&](SamplingRow& r) { r.top_p = top_p; }), Checked::sampling_top_p, 1, __LINE__);
  }
  for (const float min_p : {-0.1f, 1.5f, nan}) {
    expect_refused(with_rule([&](SamplingRow& r) { r.min_p = min_p; }), Checked::sampling_min_p, 1, __LINE__);
  }
  expect_refused(with_rule([&](SamplingRow& r) { r.top_k = -1; }), Checked::sampling_top_k, 1, __LINE__);

  const auto with_adjustments = [&](std::vector<LogitAdjustment> adjustments, std::vector<int32_t> starts) {
    Batch bad = good;
    bad.adjustments = adjustments;
    bad.starts = starts;
    return bad;
  };
  const std::pair<LogitAdjustment, Checked> spoiled[] = {
      {{-1, 0, 1, 0}, Checked::adjustment_token},        {{100, 0, 1, 0}, Checked::adjustment_token},
      {{INT32_MAX, 0, 1, 0}, Checked::adjustment_token}, {{5, infinity, 1, 0}, Checked::adjustment_bias},
      {{5, 0, 0, 0}, Checked::adjustment_repetition},    {{5, 0, -1, 0}, Checked::adjustment_repetition},
      {{5, 0, nan, 0}, Checked::adjustment_repetition},  {{5, 0, 1, nan}, Checked::adjustment_penalty}};
  for (const auto& [bad, checked] : spoiled) {
    expect_refused(with_adjustments({bad}, {0, 0, 1, 1}), checked, 0, __LINE__);
  }
  for (const int32_t first : {5, 6}) {
    expect_refused(with_adjustments({{first, 0, 1, 0}, {5, 0, 1, 0}}, {0, 0, 2, 2}),
                   Checked::adjustment_token, 1, __LINE__);
  }
}

TEST(EmulatedSample, MasksOutOfRangeAreReportedAndHarmOnlyTheirRows) {
  const Batch good = random_batch(3, 33, 5, 4.0f);
  const Choices expected = run(good);
  const auto expect_refused = [&](int32_t index, std::vector<uint32_t> masks, Checked checked) {
    Batch bad = good;
    bad.mask_indices = {-1, index, -1};
    bad.masks = masks;
    const Choices choices = run(bad);
    EXPECT_EQ(choices.error.checked, checked) << index;
    EXPECT_EQ(choices.error.place, 1) << index;
    EXPECT_EQ(choices.ids, (std::vector<int32_t>{expected.ids[0], -5, expected.ids[2]})) << index;
  };
  for (const int32_t index : {-2, 1, INT32_MAX, INT32_MIN}) {
    expect_refused(index, {1, 0}, Checked::mask_indices);
  }
  expect_refused(0, {0, 0}, Checked::mask_tokens);
  expect_refused(0, {0, 0xfffffffeu}, Checked::mask_tokens);
}

TEST(EmulatedSample, AdjustmentStartsOutOfRangeAreReported) {
  Batch batch = random_batch(2, 100, 5, 4.0f);
  for (const int32_t start : {-1, 2, INT32_MAX, INT32_MIN}) {
    batch.adjustments = {{5, 0, 1, 0}};
    batch.starts = {0, start, 1};
    const Choices choices = run(batch);
    EXPECT_EQ(choices.error.checked, Checked::adjustment_starts) << start;
    EXPECT_EQ(choices.ids[0], -5);
  }
}

}  // namespace
}  // namespace llm42::cuda
