using Llm42.Core.Engine;
using Llm42.Native;
using Llm42.Testing;

namespace Llm42.Gpu.Tests;

/// <summary>A device of the cuda backend, and engines on it. What runs on the emulator must be small.</summary>
internal sealed class GpuDevice
{
    private GpuDevice(string name) => Name = name;

    public string Name { get; }

    public bool IsEmulated => Name == CudaDevices.Emulated;

    /// <summary>The options that every engine of these tests begins with. What is to be tried on all of them belongs here.</summary>
    public InferenceEngineOptions Options => new()
    {
        Backend = Name,
        PageSize = 8,
        Engine = new EngineOptions { Drafter = DrafterKind.Same, Window = 8, MaxSequences = 8, MaxBatchTokens = 256, CheckIntegrity = true },
    };

    /// <summary>The device; ends the test where it is not there.</summary>
    public static GpuDevice Open(string name)
    {
        try
        {
            NativeDevice.Open(new NativeDeviceOptions { Backend = name }).Dispose();
        }
        catch (NativeException error) when (error.Status == Status.DeviceUnavailable)
        {
            CudaDevices.Missing(name, error.Message);
        }

        return new GpuDevice(name);
    }

    /// <summary>A size for the emulator or for a GPU.</summary>
    public T Size<T>(T emulated, T gpu) => IsEmulated ? emulated : gpu;

    /// <summary>An engine with <see cref="Options"/> as the test changes them.</summary>
    public Task<InferenceEngine> LoadAsync(string model, Func<EngineOptions, EngineOptions>? change = null) =>
        InferenceEngine.LoadAsync(model, Options with { Engine = (change ?? (options => options))(Options.Engine) });

    /// <summary>An engine, and what runs on it.</summary>
    public static (InferenceEngine Engine, BatchExecutor Executor) LoadObserved(string model, InferenceEngineOptions options)
    {
        LoadedModel loaded = EngineLoader.Load(model, options, null, CancellationToken.None);
        var executor = new BatchExecutor(loaded.Executor);
        return (new InferenceEngine(loaded with { Executor = executor }, options.Engine), executor);
    }
}
