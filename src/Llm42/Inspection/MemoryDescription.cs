namespace Llm42.Inspection;

/// <summary>What a model takes of a device, in bytes, without anything having been allocated.</summary>
/// <param name="Weights">Weights as the device multiplies them.</param>
/// <param name="WorkSpace">Activations and logits of the largest step.</param>
/// <param name="RopeTable">Cosines and sines of all positions.</param>
/// <param name="KvCache">The KV cache that an engine would allocate; 0 if none fits.</param>
/// <param name="Available">What may be allocated on the device now, its limit considered.</param>
/// <param name="KvBytesPerToken">Keys and values of one position in all layers, in the dtype of the options.</param>
/// <param name="KvBytesPerTokenBf16">The same in bf16.</param>
/// <param name="KvBytesPerTokenF32">The same in f32.</param>
/// <param name="ModelContext">Positions that the model was made for.</param>
/// <param name="LongestContext">The longest context of one sequence that fits; 0 if none does.</param>
/// <param name="MaxSequences">Sequences that the options let run at once.</param>
/// <param name="LongestSharedContext">
/// The longest context that so many sequences can have at once without one waiting; 0 if they cannot all run.
/// </param>
/// <param name="Problem">Why an engine with these options would be refused; null if it would not.</param>
public sealed record MemoryDescription(
    long Weights,
    long WorkSpace,
    long RopeTable,
    long KvCache,
    long Available,
    long KvBytesPerToken,
    long KvBytesPerTokenBf16,
    long KvBytesPerTokenF32,
    int ModelContext,
    int LongestContext,
    int MaxSequences,
    int LongestSharedContext,
    string? Problem)
{
    /// <summary>All that an engine would take.</summary>
    public long Total => Weights + WorkSpace + RopeTable + KvCache;
}
