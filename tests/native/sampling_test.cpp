// Sampling against a plain reference of the documented rule.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness.h"

namespace llm42::test {

namespace {

// Philox4x32-10 as published (Salmon et al., 2011).
void philox(uint32_t c[4], uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * c[0], b = uint64_t{0xCD9E8D57u} * c[2];
    const uint32_t next[4] = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(b),
                              static_cast<uint32_t>(a >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(a)};
    std::copy(next, next + 4, c);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

double gumbel(uint64_t seed, int64_t position, uint32_t id) {
  uint32_t c[4] = {id / 4, static_cast<uint32_t>(position), static_cast<uint32_t>(position >> 32), 0};
  philox(c, static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32));
  const double u = (static_cast<double>(c[id % 4] >> 8) + 0.5) / 16777216.0;
  return -std::log(-std::log(u));
}

struct Choice {
  int32_t id;
  double margin;
};

Choice reference(const std::vector<float>& logits, const llm42_sampling_row& rule) {
  const auto count = static_cast<int32_t>(logits.size());
  std::vector<int32_t> kept(logits.size());
  std::iota(kept.begin(), kept.end(), 0);
  std::stable_sort(kept.begin(), kept.end(), [&](int32_t a, int32_t b) {
    return logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)];
  });
  const double t = rule.temperature == 0.0f ? 1.0 : static_cast<double>(rule.temperature);
  const auto x = [&](int32_t id) { return static_cast<double>(logits[static_cast<size_t>(id)]) / t; };
  if (rule.temperature != 0.0f) {
    if (rule.top_k > 0 && rule.top_k < count) kept.resize(static_cast<size_t>(rule.top_k));
    double total = 0.0;
    for (const int32_t id : kept) total += std::exp(x(id) - x(kept[0]));
    double sum = 0.0;
    size_t nucleus = 0;
    while (nucleus < kept.size() && (nucleus == 0 || sum < static_cast<double>(rule.top_p) * total)) {
      sum += std::exp(x(kept[nucleus++]) - x(kept[0]));
    }
    if (rule.top_p < 1.0f) kept.resize(nucleus);
    while (std::exp(x(kept.back()) - x(kept[0])) < static_cast<double>(rule.min_p)) kept.pop_back();
  }
  double best = -INFINITY, second = -INFINITY;
  int32_t chosen = 0;
  for (const int32_t id : kept) {
    const double value =
        x(id) +
        (rule.temperature == 0.0f ? 0.0 : gumbel(rule.seed, rule.position, static_cast<uint32_t>(id)));
    if (value > best) {
      second = best;
      best = value;
      chosen = id;
    } else {
      second = std::max(second, value);
    }
  }
  return {chosen, best - second};
}

struct Samples {
  std::vector<int32_t> ids;
  std::vector<float> margins;
};

Samples sample(const Machine& machine, const std::vector<float>& logits,
               const std::vector<llm42_sampling_row>& rules) {
  const auto rows = static_cast<int32_t>(rules.size());
  const Buffer input = machine.upload(logits), rule = machine.upload(rules), ids = machine.allocate(rows * 4),
               margins = machine.allocate(rows * 4);
  llm42_sample_params p{};
  p.struct_size = sizeof p;
  p.rows = rows;
  p.vocabulary = static_cast<int32_t>(logits.size()) / rows;
  p.logits = view(input);
  p.sampling = view(rule);
  p.ids = view(ids);
  p.margins = view(margins);
  ok(llm42_sample(machine.stream, &p));
  return {machine.download<int32_t>(ids, rules.size()), machine.download<float>(margins, rules.size())};
}

llm42_sampling_row rule(float temperature, uint64_t seed = 1, int64_t position = 0) {
  return {temperature, 1.0f, 0.0f, 0, seed, position};
}

}  // namespace

TEST(Sampling, PhiloxMatchesItsPublishedVectors) {
  uint32_t zero[4] = {};
  philox(zero, 0, 0);
  EXPECT_EQ(0x6627e8d5u, zero[0]);
  uint32_t ones[4] = {~0u, ~0u, ~0u, ~0u};
  philox(ones, ~0u, ~0u);
  EXPECT_EQ(0x408f276du, ones[0]);
}

TEST(Sampling, MatchesTheReferenceOnEveryIsa) {
  std::mt19937_64 generator(3);
  const int32_t vocabulary = 1003;
  std::vector<llm42_sampling_row> rules;
  std::vector<float> logits;
  for (int32_t row = 0; row < 300; ++row) {
    llm42_sampling_row r{};
    r.temperature = std::vector<float>{0.0f, 0.7f, 1.0f, 3.0f}[generator() % 4];
    r.top_p = std::vector<float>{1.0f, 0.9f, 0.5f, 0.999f, 0.01f}[generator() % 5];
    r.min_p = std::vector<float>{0.0f, 0.0f, 0.05f, 1.0f}[generator() % 4];
    r.top_k = std::vector<int32_t>{0, 0, 1, 7, 50, 2000}[generator() % 6];
    r.seed = generator();
    r.position = static_cast<int64_t>(generator() >> 1);
    rules.push_back(r);
    const std::vector<float> x =
        random_floats(vocabulary, static_cast<uint32_t>(row), row % 2 == 0 ? 3.0f : 0.3f);
    logits.insert(logits.end(), x.begin(), x.end());
  }
  const Samples expected = sample(Machine(LLM42_CPU_ISA_PORTABLE), logits, rules);
  for (size_t row = 0; row < rules.size(); ++row) {
    const auto first = logits.begin() + static_cast<int64_t>(row) * vocabulary;
    const Choice choice = reference(std::vector<float>(first, first + vocabulary), rules[row]);
    if (choice.margin < 1e-4) continue;  // too close for f32 and f64 to agree
    EXPECT_EQ(choice.id, expected.ids[row]) << "row " << row << ", top_k " << rules[row].top_k << ", top_p "
                                            << rules[row].top_p << ", min_p " << rules[row].min_p;
    if (std::isinf(choice.margin)) {
      EXPECT_EQ(INFINITY, expected.margins[row]);
    } else {
      EXPECT_NEAR(choice.margin, static_cast<double>(expected.margins[row]), 1e-4);
    }
  }
  for (const llm42_cpu_isa isa : isas()) {
    const Samples samples = sample(Machine(isa, 2), logits, rules);
    EXPECT_EQ("", difference(expected.ids, samples.ids)) << "isa " << isa;
    EXPECT_EQ("", difference(expected.margins, samples.margins)) << "isa " << isa;
  }
}

// Pruning must be exact: a wide vocabulary, where most tokens get no noise.
TEST(Sampling, PruningChangesNothing) {
  const std::vector<float> logits = random_floats(100'003, 8, 8.0f);
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const Choice choice = reference(logits, rule(1.0f, seed, 5));
    const Samples samples = sample(Machine(), logits, {rule(1.0f, seed, 5)});
    EXPECT_EQ(choice.id, samples.ids[0]) << "seed " << seed;
    EXPECT_NEAR(choice.margin, static_cast<double>(samples.margins[0]), 1e-4);
  }
}

TEST(Sampling, FollowsTheDistribution) {
  const std::vector<float> one{0.0f, std::log(2.0f), std::log(5.0f)};
  std::vector<llm42_sampling_row> rules;
  std::vector<float> logits;
  for (int64_t position = 0; position < 8000; ++position) {
    rules.push_back(rule(1.0f, 42, position));
    logits.insert(logits.end(), one.begin(), one.end());
  }
  int counts[3] = {};
  for (const int32_t id : sample(Machine(), logits, rules).ids) ++counts[id];
  // Five standard deviations of a binomial with 8000 draws are below 224.
  EXPECT_NEAR(1000, counts[0], 150);
  EXPECT_NEAR(2000, counts[1], 200);
  EXPECT_NEAR(5000, counts[2], 224);
}

TEST(Sampling, OddLogits) {
  const Machine machine;
  const float inf = INFINITY, nan = NAN;
  for (const float temperature : {0.0f, 1.0f, 0.01f}) {
    EXPECT_EQ(0, sample(machine, {-inf, nan, -inf}, {rule(temperature)}).ids[0]);
    EXPECT_EQ(0, sample(machine, {nan, nan}, {rule(temperature)}).ids[0]);
    EXPECT_EQ(1, sample(machine, {-inf, -3e38f, nan}, {rule(temperature)}).ids[0]);
    EXPECT_EQ(2, sample(machine, {nan, 1.0f, inf}, {rule(temperature)}).ids[0]);
    EXPECT_EQ(1, sample(machine, {nan, 1.0f, -inf}, {rule(temperature)}).ids[0]);
    EXPECT_EQ(INFINITY, sample(machine, {nan, 1.0f, -inf}, {rule(temperature)}).margins[0]);
    for (const float top_p : {1.0f, 0.5f}) {
      for (const int32_t top_k : {0, 1, 2}) {
        llm42_sampling_row r = rule(temperature);
        r.top_p = top_p;
        r.top_k = top_k;
        r.min_p = 0.1f;
        EXPECT_EQ(1, sample(machine, {nan, 1.0f, -inf, -50.0f}, {r}).ids[0]);
      }
    }
  }
  EXPECT_EQ(0, sample(machine, {5.0f, 5.0f, 5.0f}, {rule(0.0f)}).ids[0]) << "ties go to the lower id";
  EXPECT_EQ(0.0f, sample(machine, {5.0f, 5.0f, 5.0f}, {rule(0.0f)}).margins[0]);
}

TEST(Sampling, RefusesRulesOutOfRange) {
  const Machine machine;
  const std::vector<float> logits{1.0f, 2.0f};
  const auto status = [&](llm42_sampling_row r) {
    const Buffer input = machine.upload(logits), rules = machine.upload(std::vector{r}),
                 ids = machine.allocate(4);
    llm42_sample_params p{};
    p.struct_size = sizeof p;
    p.rows = 1;
    p.vocabulary = 2;
    p.logits = view(input);
    p.sampling = view(rules);
    p.ids = view(ids);
    return llm42_sample(machine.stream, &p);
  };
  EXPECT_EQ(LLM42_STATUS_OK, status(rule(1.0f)));
  for (const float temperature : {-1.0f, 0.001f, 101.0f, NAN, INFINITY}) {
    EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status(rule(temperature))) << temperature;
  }
  for (const float top_p : {0.0f, -0.5f, 1.5f, NAN}) {
    llm42_sampling_row r = rule(1.0f);
    r.top_p = top_p;
    EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status(r)) << top_p;
  }
  llm42_sampling_row r = rule(1.0f);
  r.min_p = NAN;
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status(r));
  r = rule(1.0f);
  r.top_k = -1;
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status(r));
}

TEST(Sampling, RefusesMasksOutOfRange) {
  const Machine machine;
  const Buffer logits = machine.upload(std::vector<float>(33, 1.0f)),
               rules = machine.upload(std::vector{rule(0.0f)}), ids = machine.allocate(4);
  const auto status = [&](int32_t index, std::vector<uint32_t> words) {
    const Buffer indices = machine.upload(std::vector{index}), masks = machine.upload(words);
    llm42_sample_params p{};
    p.struct_size = sizeof p;
    p.rows = 1;
    p.vocabulary = 33;
    p.logits = view(logits);
    p.sampling = view(rules);
    p.ids = view(ids);
    p.mask_indices = view(indices);
    p.masks = view(masks);
    p.mask_count = static_cast<int64_t>(words.size() / 2);
    return llm42_sample(machine.stream, &p);
  };
  EXPECT_EQ(LLM42_STATUS_OK, status(0, {0, 1}));
  EXPECT_EQ(32, machine.download<int32_t>(ids, 1)[0]);
  EXPECT_EQ(LLM42_STATUS_OK, status(-1, {0, 0}));
  EXPECT_EQ(0, machine.download<int32_t>(ids, 1)[0]);
  EXPECT_EQ(LLM42_STATUS_OK, status(1, {0, 0, 8, 1}));
  EXPECT_EQ(3, machine.download<int32_t>(ids, 1)[0]);
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status(-2, {1, 0}));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status(1, {1, 0}));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status(0, {0, 2}));
}

// A caller that was built before the adjustments has a struct that ends behind `margins`.
TEST(Sampling, TakesAStructWithoutAdjustments) {
  struct Older {
    uint32_t struct_size;
    int32_t rows, vocabulary, reserved;
    llm42_view logits;
    int64_t logits_stride;
    llm42_view sampling, ids, margins;
  };
  static_assert(sizeof(Older) == 88 && sizeof(Older) < sizeof(llm42_sample_params));
  const Machine machine;
  const Buffer logits = machine.upload(std::vector<float>{1.0f, 3.0f, 2.0f}),
               rules = machine.upload(std::vector{rule(0.0f)}), ids = machine.allocate(4);
  // What lies behind the older struct must not be read.
  struct {
    Older params;
    unsigned char behind[64];
  } memory{{88, 1, 3, 0, view(logits), 0, view(rules), view(ids), {}}, {}};
  std::memset(memory.behind, 0xff, sizeof memory.behind);
  const auto run = [&] {
    return llm42_sample(machine.stream, reinterpret_cast<const llm42_sample_params*>(&memory.params));
  };
  ok(run());
  EXPECT_EQ(1, machine.download<int32_t>(ids, 1)[0]);
  memory.params.struct_size = 87;
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, run());
}

}  // namespace llm42::test
