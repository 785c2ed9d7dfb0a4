namespace Llm42.Core.Execution;

/// <summary>What the kernels of a step may let their reduction order depend on.</summary>
public enum Numerics
{
    /// <summary>The reduction order may be chosen from the shape of the batch.</summary>
    Fast = 0,

    /// <summary>Each row depends, bit for bit, on that row's own inputs only.</summary>
    Invariant = 1,
}
