using Llm42.Core.Engine;
using Llm42.Native;

namespace Llm42;

/// <summary>On what and with which sizes an engine runs.</summary>
public sealed record InferenceEngineOptions
{
    /// <summary>
    /// Backend: "cpu"; "cuda", which needs libllm42_cuda and an NVIDIA GPU; "cuda-emulated", the CUDA backend run on the
    /// host, slowly, for tests. On a CUDA backend weights of other dtypes are rounded to bf16.
    /// </summary>
    public string Backend { get; init; } = "cpu";

    /// <summary>Which device of the backend, from 0.</summary>
    public int DeviceOrdinal { get; init; }

    /// <summary>Threads to compute with; 0 for one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Threads that fast numerics plan their splits for; 0 for <see cref="Threads"/>. Deterministic answers do not
    /// depend on it.
    /// </summary>
    public int PlannedThreads { get; init; }

    /// <summary>Instruction set of the cpu backend.</summary>
    public CpuIsa Isa { get; init; } = CpuIsa.Auto;

    /// <summary>dtype of keys and values: "bf16" or "f32". Part of the numerics profile.</summary>
    public string KvDtype { get; init; } = "bf16";

    /// <summary>
    /// How weights are multiplied: "original", as they are stored, or "int8": linear layers and the head with a scale per
    /// output feature, by activations quantised row by row. Embeddings, norms, biases and routers of experts stay
    /// as they are. Part of the numerics profile. The experts of a model on a GPU have no int8 form.
    /// </summary>
    public string WeightFormat { get; init; } = "original";

    /// <summary>
    /// Folder for weights as the cpu backend packs them, so that a model that was loaded before is packed no more; null
    /// for none. Each model and <see cref="WeightFormat"/> has a file there, as large as its weights in memory, written
    /// whole by the load that finds none that it can use, and checked by each load: its checksums, and that it was packed
    /// of the weights that the model has now. Processes may share the folder; it must be as trustworthy as the model.
    /// <see cref="EngineDescription.WeightCache"/> says what came of it.
    /// </summary>
    public string? WeightCache { get; init; }

    /// <summary>Positions per KV page: a power of two, 8..1024.</summary>
    public int PageSize { get; init; } = 16;

    /// <summary>KV pages; 0 for what all sequences at full context need, as far as memory allows.</summary>
    public int KvPages { get; init; }

    /// <summary>Most positions of a sequence, prompt and answer together; 0 for the model's.</summary>
    public int MaxContext { get; init; }

    /// <summary>
    /// Tells the engine's metrics and traces from those of others in the process: the tag llm42.engine. Null for a
    /// number.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>
    /// Most bytes that weights, KV cache and work space may take together; 0 for what the machine has. The KV cache
    /// is made to fit; a model that does not fit is refused.
    /// </summary>
    public long MemoryLimit { get; init; }

    /// <summary>
    /// Record what decode steps and verify passes launch, once for each shape, and replay it: on a GPU that takes the load
    /// off the host. Backends without graphs ignore it.
    /// </summary>
    public bool UseGraphs { get; init; } = true;

    /// <summary>
    /// Take what a request leaves open from the model's generation_config.json. False passes over all of that file but its
    /// end-of-sequence tokens: requests that leave it open then sample at temperature 1, untouched by anything else.
    /// </summary>
    public bool UseGenerationDefaults { get; init; } = true;

    /// <summary>
    /// Measure where the time of steps goes, for <see cref="InferenceEngine.Profile"/>. Needs the cpu backend, whose operators
    /// are over when they return. Changes no bit of an answer.
    /// </summary>
    public bool Profile { get; init; }

    /// <summary>Scheduler and verifier.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>Fault injection for tests: the number of the call on the device that fails; 0 for none.</summary>
    internal long FailCall { get; init; }
}
