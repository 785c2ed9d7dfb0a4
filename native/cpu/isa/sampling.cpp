// Gumbel-max over a row of logits with counter-based noise.
#include "cpu/isa/elementary.h"
#include "cpu/isa/kernels.h"

namespace llm42 {
namespace cpu {
namespace LLM42_ISA {
namespace {

constexpr float minus_infinity = -__builtin_inff();
constexpr uint32_t no_id = 0xffffffffu;
// More than the largest Gumbel noise, -log(-log(1 - 2^-25)) = 17.33.
constexpr float noise_bound = 17.5f;

LLM42_INLINE F32x16 load_or_nothing(const float* x, int64_t count, int64_t i) {
  if (count - i >= lanes) return load(x + i);
  return select(first(count - i), load_first(x + i, count - i), splat(minus_infinity));
}

// Word id % 4 of Philox4x32-10 with counter (id / 4, position, 0).
LLM42_INLINE I32x16 philox(I32x16 ids, uint64_t seed, uint64_t position) {
  I32x16 c0 = shift_right<2>(ids);
  I32x16 c1 = splat_i(static_cast<uint32_t>(position));
  I32x16 c2 = splat_i(static_cast<uint32_t>(position >> 32));
  I32x16 c3 = splat_i(0);
  uint32_t key0 = static_cast<uint32_t>(seed);
  uint32_t key1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    I32x16 high0, low0, high1, low1;
    multiply(c0, 0xD2511F53u, high0, low0);
    multiply(c2, 0xCD9E8D57u, high1, low1);
    c0 = bit_xor(bit_xor(high1, c1), splat_i(key0));
    c1 = low1;
    c2 = bit_xor(bit_xor(high0, c3), splat_i(key1));
    c3 = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  const I32x16 word = bit_and(ids, splat_i(3));
  const I32x16 low = select(less(word, splat_i(1)), c0, c1);
  const I32x16 high = select(less(word, splat_i(3)), c2, c3);
  return select(less(word, splat_i(2)), low, high);
}

// -log(-log(u)) with u = (word / 256 + 0.5) / 2^24. Above 1/2, u has a bit more than an f32 holds; its
// distance to the power of two that the logarithm is taken against is exact, though.
LLM42_INLINE F32x16 gumbel(I32x16 word) {
  const I32x16 w = shift_right<8>(word);
  const I32x16 twice = add(add(w, w), splat_i(1));  // u * 2^25

  const F32x16 u = mul(add(to_float(w), splat(0.5f)), splat(0x1p-24f));
  const I32x16 offset = sub(as_int(u), splat_i(0x3f3504f3u));
  F32x16 exponent = to_float(shift_right_signed<23>(offset));
  F32x16 f = sub(as_float(add(bit_and(offset, splat_i(0x007fffffu)), splat_i(0x3f3504f3u))), splat(1.0f));

  const Mask16 below_half = less(w, splat_i(1u << 23));
  const Mask16 below_root = less(w, splat_i(11863283u));  // u < sqrt(1/2)
  const F32x16 above_half = mul(to_float(sub(twice, splat_i(1u << 24))), splat(0x1p-24f));
  const F32x16 below_one = mul(to_float(sub(twice, splat_i(1u << 25))), splat(0x1p-25f));
  f = select(below_half, f, select(below_root, above_half, below_one));
  exponent = select(below_half, exponent, select(below_root, splat(-1.0f), zero()));
  return neg(log(neg(log_of_parts(f, exponent))));
}

// Best and second best per lane.
struct LaneBest {
  F32x16 value, second;
  I32x16 id;
};

LLM42_INLINE LaneBest nothing() {
  return {splat(minus_infinity), splat(minus_infinity), splat_i(no_id)};
}

// Ids must ascend within a lane for ties to go to the lower one.
LLM42_INLINE void consider(LaneBest& best, F32x16 value, I32x16 ids) {
  const Mask16 is_better = less(best.value, value);
  best.second = select(is_better, best.value, max(value, best.second));
  best.value = select(is_better, value, best.value);
  best.id = select(is_better, ids, best.id);
}

LLM42_INLINE void consider_one(Best& best, float value, uint32_t id) {
  if (value > best.value || (value == best.value && id < best.id)) {
    best.second = best.value;
    best.value = value;
    best.id = id;
  } else if (value > best.second) {
    best.second = value;
  }
}

LLM42_INLINE Best over_lanes(const LaneBest& lane_best) {
  float value[16], second[16];
  uint32_t id[16];
  store(value, lane_best.value);
  store(second, lane_best.second);
  store_i(id, lane_best.id);
  Best best = {minus_infinity, minus_infinity, no_id};
  for (int i = 0; i < 16; ++i) {
    consider_one(best, value[i], id[i]);
    if (second[i] > best.second) best.second = second[i];
  }
  return best;
}

LLM42_INLINE I32x16 ids_from(int64_t i) {
  static const uint32_t ascending[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return add(load_i(ascending), splat_i(static_cast<uint32_t>(i)));
}

bool temper(const float* logits, float temperature, float* output, int64_t count) {
  const F32x16 highest = splat(__FLT_MAX__);
  const F32x16 divisor = splat(temperature);
  uint32_t finite = 0;
  for (int64_t i = 0; i < count; i += lanes) {
    const F32x16 logit = load_or_nothing(logits, count, i);
    const Mask16 is_nothing = is_nan(logit);
    const Mask16 is_lowest = equal(logit, splat(minus_infinity));
    const F32x16 scaled = max(min(div(logit, divisor), highest), neg(highest));
    const F32x16 value = select(is_nothing, splat(minus_infinity), select(is_lowest, logit, scaled));
    finite |= bits(less(splat(minus_infinity), logit)) & bits(less(logit, splat(__builtin_inff())));
    store_first(output + i, value, count - i < lanes ? count - i : lanes);
  }
  return finite != 0;
}

void best_of(const float* x, int64_t count, Best* best) {
  LaneBest lane_best = nothing();
  for (int64_t i = 0; i < count; i += lanes) consider(lane_best, load_or_nothing(x, count, i), ids_from(i));
  *best = over_lanes(lane_best);
}

void best_noisy(const float* x, int64_t count, uint64_t seed, uint64_t position, Best* best) {
  LaneBest lane_best = nothing();
  // Values below can be neither best nor second best, whatever their noise: they are not given any.
  float floor = minus_infinity;
  int64_t considered = 0;
  for (int64_t i = 0; i < count; i += lanes) {
    const F32x16 value = load_or_nothing(x, count, i);
    if (bits(less(add(value, splat(noise_bound)), splat(floor))) == 0xffffu) continue;
    const I32x16 ids = ids_from(i);
    consider(lane_best, add(value, gumbel(philox(ids, seed, position))), ids);
    if (++considered % 32 == 0) floor = over_lanes(lane_best).second;
  }
  *best = over_lanes(lane_best);
}

void best_noisy_of(const float* x, const uint32_t* ids, int64_t count, uint64_t seed, uint64_t position,
                   Best* best) {
  *best = {minus_infinity, minus_infinity, no_id};
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t n = count - i < lanes ? count - i : lanes;
    uint32_t id[16] = {};
    float value[16] = {};
    for (int64_t j = 0; j < n; ++j) {
      id[j] = ids[i + j];
      value[j] = x[id[j]];
    }
    store(value, add(load(value), gumbel(philox(load_i(id), seed, position))));
    for (int64_t j = 0; j < n; ++j) consider_one(*best, value[j], id[j]);
  }
}

}  // namespace

void add_sampling(Kernels& kernels) {
  kernels.temper = temper;
  kernels.best_of = best_of;
  kernels.best_noisy = best_noisy;
  kernels.best_noisy_of = best_noisy_of;
}

}  // namespace LLM42_ISA
}  // namespace cpu
}  // namespace llm42
