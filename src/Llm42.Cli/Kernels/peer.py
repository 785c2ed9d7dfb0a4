"""Times torch.matmul and scaled_dot_product_attention, bf16, at shapes read from standard input; a JSON text a line out."""
import json
import sys
import time

request = json.load(sys.stdin)

import torch  # noqa: E402 - only here, so that its absence is an error of its own
from torch.nn.functional import scaled_dot_product_attention  # noqa: E402

device = request["device"]
cuda = device == "cuda"
if cuda and not torch.cuda.is_available():
    sys.exit("this PyTorch sees no GPU")
if not cuda and request["threads"] > 0:
    torch.set_num_threads(request["threads"])
name = torch.cuda.get_device_name() if cuda else f"cpu, {torch.get_num_threads()} threads"


def say(**line):
    print(json.dumps(line), flush=True)


def wait():
    if cuda:
        torch.cuda.synchronize()


def noise(*shape):
    return torch.randn(*shape, device=device, dtype=torch.bfloat16)


def copies(size):
    return max(1, min(1024, -(-request["cold_bytes"] // size)))


def sample(call, launches):
    start = time.perf_counter()
    for i in range(launches):
        call(i)
    wait()
    return (time.perf_counter() - start) / launches


def measure(call):
    """The same as the other side does: warm up, find the launches of a sample, sample for the seconds asked for."""
    call(0)
    wait()
    launches = 1
    while True:
        seconds = sample(call, launches) * launches
        if seconds >= request["sample_seconds"] / 4 or launches >= 4096:
            launches = max(1, min(4096, int(launches * request["sample_seconds"] / seconds)))
            break
        launches *= 4
    samples, end = [], time.perf_counter() + request["seconds"]
    while len(samples) < 3 or (len(samples) < 1000 and time.perf_counter() < end):
        samples.append(sample(call, launches))
    return samples


weights = {}


def matmul(case):
    m, n, k = case["m"], case["n"], case["k"]
    if (n, k) not in weights:
        weights.clear()
        weights[n, k] = [noise(n, k).t() for _ in range(copies(2 * n * k))]
    x, w = noise(m, k), weights[n, k]
    return measure(lambda i: torch.matmul(x, w[i % len(w)]))


def attention(case):
    weights.clear()
    batch, rows, context = case["sequences"], case["rows"], case["context"]
    heads, kv_heads, size = case["query_heads"], case["kv_heads"], case["head_size"]
    query = noise(batch, heads, rows, size)
    caches = [(noise(batch, kv_heads, context, size), noise(batch, kv_heads, context, size))
              for _ in range(copies(4 * batch * kv_heads * context * size))]
    options = {"enable_gqa": heads != kv_heads}
    if rows == context:
        options["is_causal"] = True
    elif rows > 1:
        # is_causal would align the first row with the first position; the rows are the last ones.
        options["attn_mask"] = torch.ones(rows, context, device=device, dtype=torch.bool).tril(context - rows)
    return measure(lambda i: scaled_dot_product_attention(query, *caches[i % len(caches)], **options))


def copy(case):
    weights.clear()
    source = noise(case["elements"])
    target = torch.empty_like(source)
    return measure(lambda i: target.copy_(source))


say(version=torch.__version__, device=name)
with torch.inference_mode():
    for case in request["cases"]:
        try:
            say(id=case["id"], samples={"matmul": matmul, "attention": attention, "copy": copy}[case["kind"]](case))
        except Exception as error:  # out of memory, or a shape that no kernel of it takes
            weights.clear()
            if cuda:
                torch.cuda.empty_cache()
            say(id=case["id"], error=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
