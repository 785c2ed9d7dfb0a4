// cuda_emu.h - test-only: lets a .cu file compile as plain C++20 and run on the CPU.
// Every CUDA thread of a block is a fiber on one OS thread; blocks are spread over OS threads.
// No CUDA header is needed. Scheduler: cuda_emu.cpp.
#pragma once
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

// ---------------------------------------------------------------- keywords
#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __cluster_dims__(...)
#define __grid_constant__
#define __align__(n) __attribute__((aligned(n)))
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(EMU_TSAN) || defined(EMU_SERIAL)
#define __shared__ static  // one block at a time: plain statics, so ASan adds red zones
#define EMU_WORKERS 1
#else
#define __shared__ static thread_local  // one block per OS thread
#define EMU_WORKERS 0                   // 0: hardware_concurrency
#endif

// ---------------------------------------------------------------- vector types
#define EMU_VEC(T, n)                                              \
  struct T##2 {                                                    \
    n x, y;                                                        \
  };                                                               \
  struct T##3 {                                                    \
    n x, y, z;                                                     \
  };                                                               \
  struct __align__(sizeof(n) * 4 > 16 ? 16 : sizeof(n) * 4) T##4 { \
    n x, y, z, w;                                                  \
  };                                                               \
  inline T##2 make_##T##2(n x, n y) {                              \
    return {x, y};                                                 \
  }                                                                \
  inline T##3 make_##T##3(n x, n y, n z) {                         \
    return {x, y, z};                                              \
  }                                                                \
  inline T##4 make_##T##4(n x, n y, n z, n w) {                    \
    return {x, y, z, w};                                           \
  }
EMU_VEC(float, float)
EMU_VEC(int, int) EMU_VEC(uint, unsigned) EMU_VEC(short, short) EMU_VEC(uchar, unsigned char)
#undef EMU_VEC
    struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};

// ---------------------------------------------------------------- bf16
struct __align__(2) __nv_bfloat16 {
  uint16_t bits;
  __nv_bfloat16() = default;
  __nv_bfloat16(float f) {
    uint32_t u = std::bit_cast<uint32_t>(f);
    bits = (u & 0x7fffffff) > 0x7f800000 ? 0x7fff : uint16_t((u + 0x7fff + ((u >> 16) & 1)) >> 16);
  }
  operator float() const {
    return std::bit_cast<float>(uint32_t(bits) << 16);
  }
};
struct __align__(4) __nv_bfloat162 {
  __nv_bfloat16 x, y;
};
inline __nv_bfloat16 __float2bfloat16(float f) {
  return __nv_bfloat16(f);
}
inline __nv_bfloat16 __float2bfloat16_rn(float f) {
  return __nv_bfloat16(f);
}
inline float __bfloat162float(__nv_bfloat16 b) {
  return float(b);
}
inline __nv_bfloat162 __floats2bfloat162_rn(float a, float b) {
  return {__nv_bfloat16(a), __nv_bfloat16(b)};
}
inline float2 __bfloat1622float2(__nv_bfloat162 v) {
  return {float(v.x), float(v.y)};
}
// fp16: same scheme over _Float16 (GCC 12+, clang 15+)
#ifdef __FLT16_MANT_DIG__
struct __align__(2) __half {
  _Float16 v;
  __half() = default;
  __half(float f) : v((_Float16)f) {}
  operator float() const {
    return (float)v;
  }
};
inline __half __float2half(float f) {
  return __half(f);
}
inline float __half2float(__half h) {
  return float(h);
}
#endif

// ---------------------------------------------------------------- fibers, barriers, warp rendezvous
namespace emu {
struct Thread;
struct Block;
struct Ctx {
  uint3 tid, bid;
  dim3 bdim, gdim;
  unsigned lane, warp;
};
struct Rv {  // meeting point of the lanes of one mask
  uint32_t mask = 0, arrived = 0;
  int op = 0, nwait = 0;
  Thread* wait[32];
  alignas(16) unsigned char in[32][64], out[32][64];
};
Ctx& ctx();  // the running CUDA thread
void* dyn_shared();
void block_barrier(int id, int count);  // count 0: all live threads of the block
Rv& rv_enter(uint32_t mask, int op);
bool rv_arrive(Rv&);  // true: the caller is the last lane and must compute out[]
void rv_done(Rv&);    // last lane: wakes the rest
void rv_wait(Rv&);    // the others
void mem_release(void*);
void mem_acquire(void*);  // TSan edges
void quiet(bool);         // TSan: ignore the emulator's own accesses
void cp_async(void* dst, const void* src, int bytes, int src_bytes);
void cp_commit();
void cp_wait(int keep);
int run(dim3 g, dim3 b, size_t smem, const std::function<void()>& body, const char* name);
[[noreturn]] void die(const char* fmt, ...);

template <class In, class Out, class F>
Out collective(uint32_t mask, int op, const In& v, F&& f) {
  static_assert(sizeof(In) <= 64 && sizeof(Out) <= 64);
  quiet(true);
  Rv& r = rv_enter(mask, op);
  unsigned lane = ctx().lane;
  std::memcpy(r.in[lane], &v, sizeof v);
  if (rv_arrive(r)) {
    f([&](int l) -> In& { return *reinterpret_cast<In*>(r.in[l]); },
      [&](int l) -> Out& { return *reinterpret_cast<Out*>(r.out[l]); });
    rv_done(r);
  } else
    rv_wait(r);
  Out o;
  std::memcpy(&o, r.out[lane], sizeof o);
  quiet(false);
  return o;
}
}  // namespace emu
#define threadIdx (::emu::ctx().tid)
#define blockIdx (::emu::ctx().bid)
#define blockDim (::emu::ctx().bdim)
#define gridDim (::emu::ctx().gdim)
#define warpSize 32

inline void __syncthreads() {
  emu::block_barrier(0, 0);
}
inline void emu_named_barrier(int id, int n) {
  emu::block_barrier(id, n);
}  // bar.sync id, n
inline void __syncwarp(unsigned m = ~0u) {
  int d = emu::ctx().warp;
  (void)d;
  emu::mem_release(nullptr);
  emu::collective<int, int>(m, 1, 0, [](auto, auto) {});
  emu::mem_acquire(nullptr);
}
inline void __threadfence() {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
inline void __threadfence_block() {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

namespace emu {
template <class T, class Sel>
T shfl(unsigned mask, int op, T v, int width, Sel sel) {
  static_assert(sizeof(T) <= 16);
  struct P {
    T v;
    int src;
  };
  int lane = ctx().lane, base = lane & ~(width - 1);
  P p{v, sel(lane, base)};
  return collective<P, T>(mask, op, p, [&](auto in, auto out) {
    for (int l = 0; l < 32; l++)
      if (mask >> l & 1) {
        int s = in(l).src;
        if (!(mask >> s & 1)) die("shfl: lane %d reads lane %d, which the mask %08x leaves out", l, s, mask);
        out(l) = in(s).v;
      }
  });
}
}  // namespace emu
template <class T>
T __shfl_sync(unsigned m, T v, int src, int w = 32) {
  return emu::shfl(m, 2, v, w, [=](int, int b) { return b + (src & (w - 1)); });
}
template <class T>
T __shfl_xor_sync(unsigned m, T v, int x, int w = 32) {
  return emu::shfl(m, 3, v, w, [=](int l, int b) {
    int s = l ^ x;
    return s < b + w ? s : l;
  });
}
template <class T>
T __shfl_down_sync(unsigned m, T v, unsigned d, int w = 32) {
  return emu::shfl(m, 4, v, w, [=](int l, int b) {
    int s = l + int(d);
    return s < b + w ? s : l;
  });
}
template <class T>
T __shfl_up_sync(unsigned m, T v, unsigned d, int w = 32) {
  return emu::shfl(m, 5, v, w, [=](int l, int b) {
    int s = l - int(d);
    return s >= b ? s : l;
  });
}
inline unsigned __ballot_sync(unsigned m, int p) {
  return emu::collective<int, unsigned>(m, 6, p, [m](auto in, auto out) {
    unsigned r = 0;
    for (int l = 0; l < 32; l++)
      if (m >> l & 1 && in(l)) r |= 1u << l;
    for (int l = 0; l < 32; l++) out(l) = r;
  });
}
inline int __any_sync(unsigned m, int p) {
  return __ballot_sync(m, p) != 0;
}
inline int __all_sync(unsigned m, int p) {
  return __ballot_sync(m, p) == m;
}
inline unsigned __activemask() {
  return ~0u;
}
template <class T, class F>
T emu_reduce(unsigned m, int op, T v, F f) {
  return emu::collective<T, T>(m, op, v, [&](auto in, auto out) {
    bool first = true;
    T r{};
    for (int l = 0; l < 32; l++)
      if (m >> l & 1) {
        r = first ? in(l) : f(r, in(l));
        first = false;
      }
    for (int l = 0; l < 32; l++) out(l) = r;
  });
}
inline unsigned __reduce_add_sync(unsigned m, unsigned v) {
  return emu_reduce(m, 7, v, [](unsigned a, unsigned b) { return a + b; });
}
inline unsigned __reduce_max_sync(unsigned m, unsigned v) {
  return emu_reduce(m, 8, v, [](unsigned a, unsigned b) { return a > b ? a : b; });
}

// ---------------------------------------------------------------- atomics
template <class T>
T atomicAdd(T* p, std::type_identity_t<T> v) {
  if constexpr (std::is_integral_v<T>)
    return __atomic_fetch_add(p, v, __ATOMIC_RELAXED);
  else {
    T o, n;
    __atomic_load(p, &o, __ATOMIC_RELAXED);
    do n = o + v;
    while (!__atomic_compare_exchange(p, &o, &n, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return o;
  }
}
template <class T>
T atomicMax(T* p, std::type_identity_t<T> v) {
  T o = __atomic_load_n(p, __ATOMIC_RELAXED);
  while (o < v && !__atomic_compare_exchange_n(p, &o, v, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  return o;
}
template <class T>
T atomicCAS(T* p, std::type_identity_t<T> c, std::type_identity_t<T> v) {
  __atomic_compare_exchange_n(p, &c, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  return c;
}
template <class T>
T atomicExch(T* p, std::type_identity_t<T> v) {
  return __atomic_exchange_n(p, v, __ATOMIC_RELAXED);
}

// ---------------------------------------------------------------- intrinsics
template <class T>
T __ldg(const T* p) {
  return *p;
}
inline unsigned __float_as_uint(float f) {
  return std::bit_cast<unsigned>(f);
}
inline float __uint_as_float(unsigned u) {
  return std::bit_cast<float>(u);
}
inline int __popc(unsigned v) {
  return __builtin_popcount(v);
}
inline int __clz(int v) {
  return v ? __builtin_clz(v) : 32;
}
inline int __ffs(int v) {
  return __builtin_ffs(v);
}
inline float __expf(float x) {
  return std::exp(x);
}
inline float __logf(float x) {
  return std::log(x);
}
inline float rsqrtf(float x) {
  return 1.0f / std::sqrt(x);
}
inline float __fdividef(float a, float b) {
  return a / b;
}
inline float __frcp_rn(float a) {
  return 1.0f / a;
}
template <class A, class B>
constexpr auto min(A a, B b) {
  using T = std::common_type_t<A, B>;
  return T(a) < T(b) ? T(a) : T(b);
}
template <class A, class B>
constexpr auto max(A a, B b) {
  using T = std::common_type_t<A, B>;
  return T(a) > T(b) ? T(a) : T(b);
}
[[noreturn]] inline void __trap() {
  emu::die("__trap");
}

// ---------------------------------------------------------------- the few runtime calls that launchers use
typedef int cudaError_t;
typedef struct emu_stream* cudaStream_t;
enum { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };
template <class F>
cudaError_t cudaFuncSetAttribute(F*, int, int) {
  return cudaSuccess;
}
inline cudaError_t cudaGetLastError() {
  return cudaSuccess;
}
