// cuda_emu.cpp - fiber scheduler of the CUDA emulation (test-only).
#include "cuda_emu.h"
#include <sys/mman.h>
#include <atomic>
#include <cstdarg>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <vector>
#if defined(EMU_UCONTEXT) || !defined(__x86_64__)
#define EMU_UCONTEXT_ON 1
#include <ucontext.h>
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef EMU_TSAN  // build this file itself without -fsanitize=thread, the kernels with it
#include <sanitizer/tsan_interface.h>
extern "C" void AnnotateIgnoreReadsBegin(const char*, int);
extern "C" void AnnotateIgnoreReadsEnd(const char*, int);
extern "C" void AnnotateIgnoreWritesBegin(const char*, int);
extern "C" void AnnotateIgnoreWritesEnd(const char*, int);
#endif

namespace emu {
constexpr size_t kStack = 128 * 1024;

#ifdef EMU_UCONTEXT_ON
struct Fiber {
  ucontext_t c;
};
#else
struct Fiber {
  void* sp;
};
extern "C" void emu_switch(void** from, void* to);
asm(R"(
.text
.p2align 4
.type emu_switch,@function
emu_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size emu_switch,.-emu_switch
)");
#endif

struct CpJob {
  void* dst;
  const void* src;
  int bytes, src_bytes, group;
};
struct Thread {
  Ctx c;
  Fiber f;
  bool done;
  int waiting_on;  // -1: a warp meeting, >= 0: block barrier id, -2: running
  char* stack = nullptr;
  void* asan_fake = nullptr;
  void* tsan = nullptr;
  std::vector<CpJob> jobs;
  int group = 0;
};
template <int N>
struct Fifo {  // fixed storage: no allocator calls from fibers
  Thread* a[N];
  unsigned h = 0, n = 0;
  bool empty() const { return !n; }
  unsigned size() const { return n; }
  void clear() { h = n = 0; }
  Thread*& at(unsigned i) { return a[(h + i) % N]; }
  void push_back(Thread* t) { a[(h + n++) % N] = t; }
  Thread* pop() {
    Thread* t = a[h];
    h = (h + 1) % N;
    n--;
    return t;
  }
};
struct Barrier {
  Fifo<1024> wait;
  int count = 0;
};
struct WarpState {
  std::vector<std::unique_ptr<Rv>> rvs;
  uint32_t alive = 0;
  char sync;
};
struct Block {  // one per OS thread, reused for each block it runs
  std::vector<std::unique_ptr<Thread>> threads;
  std::vector<WarpState> warps;
  Barrier bars[16];
  Fifo<1024> ready;
  Fiber main;
  void* main_fake = nullptr;
  const void* main_bottom = nullptr;
  size_t main_size = 0;
  void* main_tsan = nullptr;
  char* dyn = nullptr;
  int n = 0, alive = 0;
  const std::function<void()>* body = nullptr;
  const char* name = "";
  std::mt19937 rng{1};
  bool shuffle = false, early_exit_ok = std::getenv("EMU_EARLY_EXIT") != nullptr;
  char sync_start, sync_end;
  ~Block() {
    for (auto& t : threads)
      if (t->stack) munmap(t->stack, kStack + 4096);
    std::free(dyn);
  }
};
static thread_local Thread* cur = nullptr;
static thread_local Block* blk = nullptr;

void die(const char* fmt, ...) {
  va_list a;
  va_start(a, fmt);
  std::fprintf(stderr, "cuda_emu: ");
  std::vfprintf(stderr, fmt, a);
  va_end(a);
  if (cur)
    std::fprintf(stderr, " [block %u,%u,%u thread %u,%u,%u]", cur->c.bid.x, cur->c.bid.y, cur->c.bid.z,
                 cur->c.tid.x, cur->c.tid.y, cur->c.tid.z);
  std::fprintf(stderr, " in %s\n", blk ? blk->name : "?");
  std::abort();
}
Ctx& ctx() {
  return cur->c;
}
void* dyn_shared() {
  return blk->dyn;
}

void quiet(bool on) {
#ifdef EMU_TSAN
  if (on) {
    AnnotateIgnoreReadsBegin("", 0);
    AnnotateIgnoreWritesBegin("", 0);
  } else {
    AnnotateIgnoreReadsEnd("", 0);
    AnnotateIgnoreWritesEnd("", 0);
  }
#else
  (void)on;
#endif
}
void mem_release(void* p) {
#ifdef EMU_TSAN
  __tsan_release(p ? p : &blk->warps[cur->c.warp].sync);
#else
  (void)p;
#endif
}
void mem_acquire(void* p) {
#ifdef EMU_TSAN
  __tsan_acquire(p ? p : &blk->warps[cur->c.warp].sync);
#else
  (void)p;
#endif
}

// switch from fiber a (nullptr: the scheduler) to b (nullptr: the scheduler)
static void switch_to(Thread* a, Thread* b, bool a_ends = false) {
  Fiber& fa = a ? a->f : blk->main;
  Fiber& fb = b ? b->f : blk->main;
  cur = b;
#ifdef __SANITIZE_ADDRESS__
  void** save = a_ends ? nullptr : a ? &a->asan_fake : &blk->main_fake;
  __sanitizer_start_switch_fiber(save, b ? b->stack + 4096 : blk->main_bottom, b ? kStack : blk->main_size);
#endif
#ifdef EMU_TSAN
  __tsan_switch_to_fiber(b ? b->tsan : blk->main_tsan, 1 /* no synchronization */);
#endif
  (void)a_ends;
#ifdef EMU_UCONTEXT_ON
  swapcontext(&fa.c, &fb.c);
#else
  emu_switch(&fa.sp, fb.sp);
#endif
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(a ? a->asan_fake : blk->main_fake, nullptr, nullptr);
#endif
}
static Thread* pop_ready() {
  auto& q = blk->ready;
  if (q.empty()) return nullptr;
  if (blk->shuffle) std::swap(q.at(0), q.at(blk->rng() % q.size()));
  return q.pop();
}
static void block_here(int on) {
  Thread* me = cur;
  me->waiting_on = on;
  switch_to(me, pop_ready());
  me->waiting_on = -2;
}

static void check_release(int id) {
  Barrier& b = blk->bars[id];
  int need = b.count ? b.count : blk->alive;
  if (!b.wait.empty() && (int)b.wait.size() >= need) {
    while (!b.wait.empty()) blk->ready.push_back(b.wait.pop());
    b.count = 0;
  }
}
void block_barrier(int id, int count) {
  Barrier& b = blk->bars[id];
  mem_release(&b);
  if (!b.wait.empty() && b.count != count)
    die("barrier %d: threads disagree on its count (%d, %d)", id, b.count, count);
  b.count = count;
  int need = count ? count : blk->alive;
  if ((int)b.wait.size() + 1 >= need) {
    while (!b.wait.empty()) blk->ready.push_back(b.wait.pop());
    b.count = 0;
  } else {
    b.wait.push_back(cur);
    block_here(id);
  }
  mem_acquire(&b);
}
Rv& rv_enter(uint32_t mask, int op) {
  WarpState& w = blk->warps[cur->c.warp];
  uint32_t full = w.alive;  // lanes that never existed (last partial warp) are dropped from a full mask
  if (!(mask >> cur->c.lane & 1))
    die("a warp operation's mask %08x leaves out the calling lane %u", mask, cur->c.lane);
  if (mask == ~0u) {
    Rv& r = *w.rvs[0];
    if (!r.arrived) {
      r.mask = full;
      r.op = op;
    }
    if (r.op != op) die("lanes of one warp meet at different operations (%d, %d)", r.op, op);
    return r;
  }
  for (auto& p : w.rvs)
    if (p != w.rvs[0] && p->mask == mask) {
      if (!p->arrived) p->op = op;
      if (p->op != op) die("lanes of one mask meet at different operations (%d, %d)", p->op, op);
      return *p;
    }
  w.rvs.push_back(std::make_unique<Rv>());
  w.rvs.back()->mask = mask;
  w.rvs.back()->op = op;
  return *w.rvs.back();
}
bool rv_arrive(Rv& r) {
  r.arrived |= 1u << cur->c.lane;
  return r.arrived == r.mask;
}
void rv_done(Rv& r) {
  for (int i = 0; i < r.nwait; i++) blk->ready.push_back(r.wait[i]);
  r.nwait = 0;
  r.arrived = 0;
}
void rv_wait(Rv& r) {
  r.wait[r.nwait++] = cur;
  block_here(-1);
}

// cp.async lands only when waited for, so a missing wait shows as stale data
static void do_copy(const CpJob& j) {
  std::memcpy(j.dst, j.src, j.src_bytes);
  std::memset((char*)j.dst + j.src_bytes, 0, j.bytes - j.src_bytes);
}
void cp_async(void* d, const void* s, int n, int sn) {
#ifdef __SANITIZE_ADDRESS__
  if (void* p = __asan_region_is_poisoned(d, n)) {
    std::fprintf(stderr, "cuda_emu: cp.async writes outside its object\n");
    *(volatile char*)p = 0;
  }
  if (void* p = sn ? __asan_region_is_poisoned(const_cast<void*>(s), sn) : nullptr) {
    std::fprintf(stderr, "cuda_emu: cp.async reads outside its object\n");
    (void)*(volatile char*)p;
  }
#endif
  if (((uintptr_t)d | (sn ? (uintptr_t)s : 0)) & (n - 1)) die("cp.async: address not %d-byte aligned", n);
  cur->jobs.push_back({d, s, n, sn, cur->group});
}
void cp_commit() {
  cur->group++;
}
void cp_wait(int keep) {
  auto& q = cur->jobs;
  size_t i = 0;
  int upto = cur->group - keep;
  while (i < q.size() && q[i].group < upto) do_copy(q[i++]);
  q.erase(q.begin(), q.begin() + i);
}

static void fiber_main() {
  for (;;) {
#ifdef __SANITIZE_ADDRESS__
    {
      const void* ob;
      size_t os;
      __sanitizer_finish_switch_fiber(nullptr, &ob, &os);
      if (!blk->main_bottom) {
        blk->main_bottom = ob;
        blk->main_size = os;
      }
    }
#endif
    Thread* me = cur;
    mem_acquire(&blk->sync_start);
    (*blk->body)();
    if (!me->jobs.empty()) {
      for (auto& j : me->jobs) do_copy(j);
      me->jobs.clear();
    }
    mem_release(&blk->sync_end);
    me->done = true;
    blk->alive--;
    blk->warps[me->c.warp].alive &= ~(1u << me->c.lane);
    Rv& r = *blk->warps[me->c.warp].rvs[0];
    if (r.arrived && (r.mask >> me->c.lane & 1))
      die("a lane left the kernel while its warp waits for it at operation %d", r.op);
    if (!blk->bars[0].wait.empty() && !blk->early_exit_ok)
      die("a thread left the kernel while %u others wait in __syncthreads", blk->bars[0].wait.size());
    check_release(0);
    switch_to(me, pop_ready(), true);  // never returns: prepared afresh for the next block
  }
}
static void prepare(Thread& t) {
  if (!t.stack) {
    t.stack = (char*)mmap(nullptr, kStack + 4096, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    mprotect(t.stack, 4096, PROT_NONE);
  }
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(t.stack + 4096, kStack);
#endif
#ifdef EMU_UCONTEXT_ON
  getcontext(&t.f.c);
  t.f.c.uc_stack.ss_sp = t.stack + 4096;
  t.f.c.uc_stack.ss_size = kStack;
  t.f.c.uc_link = nullptr;
  makecontext(&t.f.c, (void (*)())fiber_main, 0);
#else
  void** sp = (void**)(t.stack + 4096 + kStack);
  *--sp = nullptr;
  *--sp = (void*)fiber_main;
  for (int i = 0; i < 6; i++) *--sp = nullptr;
  t.f.sp = sp;
#endif
#ifdef EMU_TSAN
  if (!t.tsan) t.tsan = __tsan_create_fiber(0);
#endif
}
static void run_block(Block& b, uint3 bid, dim3 g, dim3 d, size_t smem) {
  int n = d.x * d.y * d.z;
  b.n = b.alive = n;
  while ((int)b.threads.size() < n) b.threads.push_back(std::make_unique<Thread>());
  b.warps.resize((n + 31) / 32);
  for (auto& w : b.warps) {
    if (w.rvs.empty()) w.rvs.push_back(std::make_unique<Rv>());
    w.alive = 0;
    w.rvs[0]->arrived = 0;
    w.rvs.resize(1);
  }
  std::memset(b.dyn, 0xFF, smem);  // NaN in every float type: reads of what nobody wrote show up
  b.ready.clear();
  for (int i = 0; i < n; i++) {
    Thread& t = *b.threads[i];
    t.c = {{i % d.x, i / d.x % d.y, i / (d.x * d.y)}, bid, d, g, unsigned(i) % 32, unsigned(i) / 32};
    t.done = false;
    t.waiting_on = -2;
    t.group = 0;
    t.jobs.clear();
    prepare(t);
    b.warps[i / 32].alive |= 1u << (i % 32);
    b.ready.push_back(&t);
  }
  mem_release(&b.sync_start);
  switch_to(nullptr, pop_ready());
  mem_acquire(&b.sync_end);
  if (b.alive) {
    for (int i = 0; i < n && i < 4096; i++)
      if (!b.threads[i]->done) {
        std::fprintf(stderr, "cuda_emu: thread %d waits at %s %d\n", i,
                     b.threads[i]->waiting_on < 0 ? "a warp operation" : "barrier", b.threads[i]->waiting_on);
        if (i > 3) break;
      }
    cur = nullptr;
    die("deadlock in block %u,%u,%u: %d threads never arrive", bid.x, bid.y, bid.z, b.alive);
  }
}
int run(dim3 g, dim3 d, size_t smem, const std::function<void()>& body, const char* name) {
  unsigned nt = d.x * d.y * d.z;
  size_t nb = size_t(g.x) * g.y * g.z;
  if (!nt || nt > 1024 || !nb || smem > 227 * 1024) return cudaErrorInvalidValue;
  unsigned workers = EMU_WORKERS ? EMU_WORKERS : std::thread::hardware_concurrency();
  if (const char* e = std::getenv("EMU_THREADS")) workers = std::atoi(e);
  if (EMU_WORKERS) workers = EMU_WORKERS;
  workers = (unsigned)std::min<size_t>(workers, nb);
  const char* sh = std::getenv("EMU_SHUFFLE");
  std::atomic<size_t> next{0};
  auto work = [&](unsigned w) {
    static thread_local Block store;  // stacks are kept for the next launch
    Block& b = store;
    Block* outer = blk;
    blk = &b;
    b.body = &body;
    b.name = name;
    b.shuffle = sh != nullptr;
    if (sh) b.rng.seed(std::atoi(sh) + w);
#ifdef EMU_TSAN
    b.main_tsan = __tsan_get_current_fiber();
#endif
    std::free(b.dyn);
    b.dyn = (char*)std::aligned_alloc(128, (smem + 127) / 128 * 128 + (smem ? 0 : 128));
#ifdef __SANITIZE_ADDRESS__
    if (smem % 128) __asan_poison_memory_region(b.dyn + smem, 128 - smem % 128);
#endif
    for (size_t i; (i = next++) < nb;)
      run_block(b, {unsigned(i % g.x), unsigned(i / g.x % g.y), unsigned(i / (size_t(g.x) * g.y))}, g, d,
                smem);
    blk = outer;
    cur = nullptr;
  };
  if (workers <= 1)
    work(0);
  else {
    std::vector<std::thread> ts;
    for (unsigned w = 1; w < workers; w++) ts.emplace_back(work, w);
    work(0);
    for (auto& t : ts) t.join();
  }
  return cudaSuccess;
}
}  // namespace emu
