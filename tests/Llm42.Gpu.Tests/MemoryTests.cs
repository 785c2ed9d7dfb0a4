using Llm42.Core.Engine;
using Llm42.Determinism.Tests;
using Llm42.Native;
using Llm42.Testing;

namespace Llm42.Gpu.Tests;

/// <summary>Memory of the device that does not suffice: the error names the sizes, and whatever can go on goes on.</summary>
[TestClass]
public sealed class MemoryTests
{
    private static readonly GenerationOptions Short = new()
    {
        MaxTokens = 6, Temperature = 0.8f, Seed = 42, IsDeterministic = true, IgnoreEos = true, TopLogprobs = 3,
    };

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Weights_beyond_the_limit_are_refused(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        ArgumentException error = await Assert.ThrowsExactlyAsync<ArgumentException>(
            () => InferenceEngine.LoadAsync(GpuModels.Usual(gpu), gpu.Options with { MemoryLimit = 100 << 10 }));
        StringAssert.Contains(error.Message, "MemoryLimit is 100 KiB, but the weights and the work space take ", StringComparison.Ordinal);
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task A_cache_beyond_the_limit_is_refused(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        ArgumentException error = await Assert.ThrowsExactlyAsync<ArgumentException>(
            () => InferenceEngine.LoadAsync(GpuModels.Usual(gpu), gpu.Options with { KvPages = 1 << 20, MemoryLimit = 256 << 20 }));
        StringAssert.Contains(error.Message, "The KV cache for KvPages = 1048576 takes ", StringComparison.Ordinal);
        StringAssert.Contains(error.Message, " MiB are available: that holds ", StringComparison.Ordinal);
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task A_cache_that_the_device_does_not_hold_is_refused(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        ArgumentException error = await Assert.ThrowsExactlyAsync<ArgumentException>(
            () => InferenceEngine.LoadAsync(GpuModels.Usual(gpu), gpu.Options with { PageSize = 1024, KvPages = 2_000_000 }));
        StringAssert.Contains(error.Message, "The KV cache for KvPages = 2000000 takes ", StringComparison.Ordinal);
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task A_buffer_that_cannot_grow_ends_its_request_alone(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        await FailAndGoOnAsync(gpu, 9, Short with { TopLogprobs = 256 }, "buffer of ", rows: 16);
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task A_workspace_that_cannot_grow_ends_its_request_alone(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        await FailAndGoOnAsync(gpu, gpu.Size(400, 2000), Short, "workspace of ", Rows(gpu));
    }

    /// <summary>Not on a GPU: what its memory pool holds back for the engine cannot be foretold.</summary>
    [TestMethod]
    public async Task Memory_that_another_device_took_meanwhile_ends_the_request_that_needs_it()
    {
        GpuDevice gpu = GpuDevice.Open(CudaDevices.Emulated);
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(GpuModels.Usual(gpu), OneAtATime(gpu, limit: 0, Rows(gpu)));
        int[] prompt = Prompts.Of(engine, 9, 1);
        int[] longPrompt = Prompts.Of(engine, 400, 1);
        Answer alone = Answer.Of(await engine.CompleteAsync(prompt, Short));
        using (NativeDevice other = NativeDevice.Open(new NativeDeviceOptions { Backend = gpu.Name }))
        {
            List<NativeKvCache> taken = TakeAll(other);
            Task<GenerationResult> failing = engine.CompleteAsync(longPrompt, Short);
            Task<GenerationResult> behind = engine.CompleteAsync(prompt, Short);
            NativeException error = await Assert.ThrowsExactlyAsync<NativeException>(() => failing);
            Assert.AreEqual(Status.OutOfMemory, error.Status, error.Message);
            StringAssert.Contains(error.Message, "workspace of ", StringComparison.Ordinal);
            StringAssert.Contains(error.Message, " are free and ", StringComparison.Ordinal);
            alone.AssertSame(Answer.Of(await behind), "behind the failure");
            taken.ForEach(cache => cache.Dispose());
        }

        Assert.HasCount(Short.MaxTokens!.Value, (await engine.CompleteAsync(longPrompt, Short)).Tokens);
    }

    /// <summary>
    /// Gives an engine what it holds behind a small request, and no byte more; asks what needs more and, behind it, the
    /// small one again.
    /// </summary>
    private static async Task FailAndGoOnAsync(GpuDevice gpu, int length, GenerationOptions large, string what, int rows)
    {
        string model = GpuModels.Usual(gpu);
        long held;
        Answer alone;
        Answer largeAlone;
        LoadedModel loaded = EngineLoader.Load(model, OneAtATime(gpu, limit: 0, rows), null, CancellationToken.None);
        var executor = new MeasuringExecutor(loaded.Executor);
        await using (var unlimited = new InferenceEngine(loaded with { Executor = executor }, OneAtATime(gpu, limit: 0, rows).Engine))
        {
            alone = Answer.Of(await unlimited.CompleteAsync(Prompts.Of(unlimited, 9, 1), Short));
            held = executor.Held;
            largeAlone = Answer.Of(await unlimited.CompleteAsync(Prompts.Of(unlimited, length, 1), large));
        }

        await using InferenceEngine engine = await InferenceEngine.LoadAsync(model, OneAtATime(gpu, held, rows));
        for (int time = 0; time < 2; time++)
        {
            Task<GenerationResult> failing = engine.CompleteAsync(Prompts.Of(engine, length, 1), large);
            Task<GenerationResult> behind = engine.CompleteAsync(Prompts.Of(engine, 9, 1), Short);
            NativeException error = await Assert.ThrowsExactlyAsync<NativeException>(() => failing);
            Assert.AreEqual(Status.OutOfMemory, error.Status, error.Message);
            StringAssert.Contains(error.Message, what, StringComparison.Ordinal);
            StringAssert.Contains(error.Message, $"memory_limit is {held} bytes", StringComparison.Ordinal);
            alone.AssertSame(Answer.Of(await behind), $"behind failure {time}");
        }

        // The control: with room, the large request is answered.
        await using InferenceEngine roomy = await InferenceEngine.LoadAsync(model, OneAtATime(gpu, held + (256 << 20), rows));
        largeAlone.AssertSame(Answer.Of(await roomy.CompleteAsync(Prompts.Of(roomy, length, 1), large)), "with room");
    }

    private static int Rows(GpuDevice gpu) => gpu.Size(256, 2048);

    /// <summary>Whoever comes second waits for the end of the first.</summary>
    private static InferenceEngineOptions OneAtATime(GpuDevice gpu, long limit, int rows) => gpu.Options with
    {
        KvPages = gpu.Size(52, 260),
        MaxContext = gpu.Size(410, 2010),
        MemoryLimit = limit,
        Engine = gpu.Options.Engine with
        {
            Drafter = DrafterKind.None, MaxSequences = 1, PrefixCache = false, MaxBatchTokens = rows,
            PrefillChunk = 4096, Window = 1,
        },
    };

    /// <summary>Caches, which nobody clears, of falling size until not even the smallest fits.</summary>
    private static List<NativeKvCache> TakeAll(NativeDevice device)
    {
        List<NativeKvCache> taken = [];
        for (int pages = 1 << 24; pages > 0;)
        {
            try
            {
                // A page of 64 bytes.
                taken.Add(NativeKvCache.Create(device, new NativeKvCacheOptions
                {
                    ElementType = DType.Bf16, Layers = 1, KvHeads = 1, HeadSize = 2, PageSize = 8, Pages = pages,
                }));
            }
            catch (NativeException error) when (error.Status == Status.OutOfMemory)
            {
                pages /= 2;
            }
        }

        return taken;
    }
}
