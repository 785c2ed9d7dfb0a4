using Llm42.Core.Profiling;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>Sizes of an executor.</summary>
internal sealed record ExecutorOptions
{
    /// <summary>f32 or bf16.</summary>
    public required DType KvType { get; init; }

    /// <summary>Linear layers and the head multiply in int8; part of the numerics profile.</summary>
    public bool HasInt8Weights { get; init; }

    /// <summary>Hold a copy of the linear layers and the head as int8, to draft with.</summary>
    public bool HasInt8Drafts { get; init; }

    /// <summary>Positions per KV page.</summary>
    public required int PageSize { get; init; }

    /// <summary>KV pages for sequences; 0 for as many as MaxSequences full contexts need, or memory allows.</summary>
    public required int KvPages { get; init; }

    /// <summary>Most positions of a sequence; 0 for the model's.</summary>
    public required int MaxContext { get; init; }

    /// <summary>Sequences that may run at once.</summary>
    public required int MaxSequences { get; init; }

    /// <summary>Record the launches of steps as graphs, where the device can.</summary>
    public bool UseGraphs { get; init; } = true;

    /// <summary>Rows of the largest step.</summary>
    public required int MaxBatchTokens { get; init; }

    /// <summary>Is told what each operator takes; null for nobody. For a device whose operators are over when they return.</summary>
    public StepProfiler? Profiler { get; init; }
}
