using Llm42.Determinism.Tests;
using Llm42.Native;
using Llm42.Runtime;
using Llm42.Testing;

namespace Llm42.Gpu.Tests;

/// <summary>
/// A call fails somewhere in a run, with work of the same step under way on the device: only the requests of that step
/// end, and nothing of what it left reaches the answers behind it.
/// </summary>
[TestClass]
public sealed class FaultTests
{
    /// <summary>How often each engine answers the requests: often enough for the call to come, and once more behind it.</summary>
    private const int Times = 3;

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task A_failed_call_ends_the_requests_of_its_step_and_the_engine_goes_on(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        string model = GpuModels.Usual(gpu);
        (Answer[] expected, long loading, long calls) = await AloneAsync(model, gpu.Options);
        int trials = gpu.Size(9, 60);

        // Odd, and so prime to the eight calls of a layer: each of them has its turn.
        long stride = ((calls - loading) / (trials + 1)) | 1;
        for (int trial = 1; trial <= trials; trial++)
        {
            long call = loading + (trial * stride);
            await using InferenceEngine engine = await InferenceEngine.LoadAsync(model, gpu.Options with { FailCall = call });
            List<int> failedTimes = [];
            for (int time = 0; time < Times; time++)
            {
                Task<GenerationResult>[] running = [.. Requests(engine).Select(r => engine.CompleteAsync(r.Prompt, r.Options))];
                for (int i = 0; i < running.Length; i++)
                {
                    try
                    {
                        expected[i].AssertSame(Answer.Of(await running[i]), $"call {call} failed, request {i}, time {time}");
                    }
                    catch (NativeException error)
                    {
                        failedTimes.Add(time);
                        Assert.AreEqual(Status.Internal, error.Status, error.Message);
                        StringAssert.Contains(error.Message, $"call {call}", StringComparison.Ordinal);
                    }
                }
            }

            Assert.HasCount(1, failedTimes.Distinct().ToArray(), $"call {call} failed in the runs {string.Join(", ", failedTimes)}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task What_a_kernel_refuses_ends_its_step_and_no_later_one(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        string model = GpuModels.Usual(gpu);
        (Answer[] expected, long loading, _) = await AloneAsync(model, gpu.Options);
        foreach (bool failsBefore in (bool[])[false, true])
        {
            // With the failing call nobody has asked the device yet what it refuses.
            InferenceEngineOptions options = gpu.Options with { FailCall = failsBefore ? loading + 6 : 0 };
            LoadedModel loaded = EngineLoader.Load(model, options, null, CancellationToken.None);

            // It lets every token id through to the kernels.
            var executor = new BatchExecutor(loaded.Executor) { Info = loaded.Executor.Info with { VocabularySize = int.MaxValue } };
            await using var engine = new InferenceEngine(loaded with { Executor = executor }, options.Engine);
            NativeException error = await Assert.ThrowsExactlyAsync<NativeException>(
                () => engine.CompleteAsync([1, 2, 1_000_000], new GenerationOptions { MaxTokens = 2 }));
            StringAssert.Contains(error.Message, failsBefore ? $"call {loading + 6}" : "ids[2] is 1000000", StringComparison.Ordinal);
            (int[] prompt, GenerationOptions request) = Requests(engine)[0];
            expected[0].AssertSame(Answer.Of(await engine.CompleteAsync(prompt, request)), $"behind it, with a failing call: {failsBefore}");
        }
    }

    /// <summary>The answers one after another; the calls that the device had seen before them, and by the end.</summary>
    private static async Task<(Answer[] Answers, long Loading, long Calls)> AloneAsync(string model, InferenceEngineOptions options)
    {
        LoadedModel loaded = EngineLoader.Load(model, options, null, CancellationToken.None);
        var executor = (NativeModelExecutor)loaded.Executor;
        long loading = executor.ReadDeviceInfo().Calls;
        List<Answer> answers = [];
        long calls = loading;
        var observed = new BatchExecutor(executor) { Before = _ => calls = executor.ReadDeviceInfo().Calls };
        await using var engine = new InferenceEngine(loaded with { Executor = observed }, options.Engine);
        foreach ((int[] prompt, GenerationOptions request) in Requests(engine))
            answers.Add(Answer.Of(await engine.CompleteAsync(prompt, request)));
        return ([.. answers], loading, calls);
    }

    private static (int[] Prompt, GenerationOptions Options)[] Requests(InferenceEngine engine)
    {
        GenerationOptions options = new() { MaxTokens = 5, Temperature = 0, IsDeterministic = true, IgnoreEos = true };
        return
        [
            (Prompts.Of(engine, 21, 1), options),
            (Prompts.Of(engine, 10, 2), options with { Temperature = 0.8f, TopLogprobs = 3, FrequencyPenalty = 0.5f }),
        ];
    }
}
