using Llm42.Models;
using Llm42.Models.Architectures;
using Llm42.Native;
using Llm42.Runtime;
using Llm42.Testing;
using Llm42.Weights;

namespace Llm42.Tests.Runtime;

/// <summary>Loading that fails half-way says why and gives back everything that it had taken.</summary>
[TestClass]
public sealed class LoadFaultTests
{
    private static readonly ExecutorOptions Options = new()
    {
        KvType = DType.Bf16, PageSize = 16, KvPages = 64, MaxContext = 0, MaxSequences = 4, MaxBatchTokens = 128,
    };

    private static string Model => RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel");

    [TestMethod]
    public void A_call_that_fails_while_loading_leaves_nothing_behind()
    {
        NativeDeviceInfo whole = Load(0, 0, out NativeDevice device)!;
        Assert.IsTrue(device.Handle.IsClosed);
        HashSet<string> hit = [];
        for (long call = 1; call <= whole.Calls; call++)
        {
            NativeException error = Assert.ThrowsExactly<NativeException>(() => Load(call, 0, out device));
            Assert.AreEqual(Status.Internal, error.Status);
            Assert.IsTrue(device.Handle.IsClosed, $"call {call} of {whole.Calls}: something is still allocated");
            hit.Add(error.Message[..error.Message.IndexOf(':', StringComparison.Ordinal)]);
        }

        CollectionAssert.AreEquivalent(new[] { "llm42_weight_create", "llm42_buffer_upload" }, hit.ToArray());
    }

    [TestMethod]
    public void Memory_that_runs_out_while_loading_is_named_and_given_back()
    {
        NativeDeviceInfo whole = Load(0, 0, out NativeDevice device)!;
        HashSet<string> hit = [];

        // What is needed is known beforehand but for small things, so that most limits are refused before anything is read.
        long step = whole.MemoryPeak / 97;
        List<long> limits = [1, whole.MemoryPeak - 1];
        for (long limit = step; limit < whole.MemoryPeak; limit += step)
            limits.Add(limit);
        for (long below = 1; below < 1 << 20; below *= 2)
            limits.Add(whole.MemoryPeak - below);
        foreach (long limit in limits)
        {
            Exception error = Assert.Throws<Exception>(() => Load(0, limit, out device));
            Assert.IsTrue(device.Handle.IsClosed, $"limit {limit} of {whole.MemoryPeak}: something is still allocated");
            switch (error)
            {
                case ArgumentException refusal:
                    hit.Add(refusal.Message.Split(' ')[0]);
                    break;
                case NativeException native:
                    Assert.AreEqual(Status.OutOfMemory, native.Status, native.Message);
                    Assert.Contains($"memory_limit is {limit} bytes", native.Message);
                    hit.Add(native.Message.Split(':')[0]);
                    break;
                default:
                    Assert.Fail($"limit {limit}: {error}");
                    break;
            }
        }

        CollectionAssert.IsSubsetOf(new[] { "MemoryLimit", "The", "llm42_buffer_create" }, hit.ToArray(), string.Join(", ", hit));
        Assert.IsNotNull(Load(0, whole.MemoryPeak, out _));
    }

    [TestMethod]
    public void Work_space_that_cannot_be_had_in_full_is_given_back_and_its_size_is_known_beforehand()
    {
        (_, ModelConfig config) = ModelConfigReader.Read(Model);
        const int Rows = 100;
        (string Name, long Size, Func<NativeDevice, IDisposable> Create)[] cases =
        [
            ("activations", Activations.SizeOf(config, DType.F32, Rows), device => new Activations(device, config, DType.F32, Rows)),
            ("predictor", Predictor.SizeOf(config, DType.F32, Rows), device => new Predictor(device, config, null!, null!, DType.F32, Rows)),
            ("results", StepResults.SizeOf(Rows), device => new StepResults(device, Rows)),
        ];
        foreach ((string name, long size, Func<NativeDevice, IDisposable> create) in cases)
        {
            for (int eighth = 0; eighth < 8; eighth++)
            {
                using NativeDevice small = NativeDevice.Open(new NativeDeviceOptions { Threads = 1, MemoryLimit = 1 + ((size - 2) * eighth / 7) });
                Assert.ThrowsExactly<NativeException>(() => create(small), name);
                Assert.AreEqual(0, small.Info.MemoryAllocated, $"{name}, {eighth} eighths");
            }

            using NativeDevice device = NativeDevice.Open(new NativeDeviceOptions { Threads = 1, MemoryLimit = size });
            using IDisposable whole = create(device);
            Assert.AreEqual(size, device.Info.MemoryAllocated, name);
        }
    }

    [TestMethod]
    public async Task An_engine_loads_into_its_limit_and_makes_the_cache_fit()
    {
        await using InferenceEngine unlimited = await InferenceEngine.LoadAsync(Model, new InferenceEngineOptions { Threads = 1 });
        const long Limit = 64 << 20;
        Assert.IsGreaterThan(Limit, unlimited.Engine.MemoryAllocated);
        await using InferenceEngine limited = await InferenceEngine.LoadAsync(Model, new InferenceEngineOptions { Threads = 1, MemoryLimit = Limit });
        Assert.IsLessThan(unlimited.Engine.PageCount, limited.Engine.PageCount);
        Assert.IsLessThanOrEqualTo(Limit, limited.Engine.MemoryPeak);
        Assert.IsGreaterThan(Limit / 2, limited.Engine.MemoryPeak);
        GenerationOptions options = new() { MaxTokens = 20, IsDeterministic = true, Seed = 3 };
        CollectionAssert.AreEqual(
            (await unlimited.CompleteAsync("And God said", options)).TokenIds.ToArray(),
            (await limited.CompleteAsync("And God said", options)).TokenIds.ToArray());

        ArgumentException error = await Assert.ThrowsAsync<ArgumentException>(
            () => InferenceEngine.LoadAsync(Model, new InferenceEngineOptions { Threads = 1, MemoryLimit = 4 << 20 }));
        Assert.Contains("MemoryLimit is 4 MiB, but the weights and the work space take", error.Message);
        NativeException refused = await Assert.ThrowsExactlyAsync<NativeException>(
            () => InferenceEngine.LoadAsync(Model, new InferenceEngineOptions { Threads = 1, MemoryLimit = -1 }));
        Assert.Contains("memory_limit is -1", refused.Message);
    }

    /// <summary>Loads the embedded model, disposes it and tells what the device reported; the device must be closed then.</summary>
    private static NativeDeviceInfo? Load(long failCall, long memoryLimit, out NativeDevice device)
    {
        (ModelArchitecture architecture, ModelConfig config) = ModelConfigReader.Read(Model);
        using SafetensorsSource source = SafetensorsSource.Open(Model);
        device = NativeDevice.Open(new NativeDeviceOptions { Threads = 1, FailCall = failCall, MemoryLimit = memoryLimit });
        using var executor = new NativeModelExecutor(device, config, architecture.Describe(config), source, Options);
        return executor.DeviceInfo;
    }
}
