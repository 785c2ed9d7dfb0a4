namespace Llm42;

/// <summary>What came of <see cref="InferenceEngineOptions.WeightCache"/> when a model was loaded.</summary>
/// <param name="File">The model's file in the folder.</param>
/// <param name="IsRead">The weights came from it.</param>
/// <param name="IsWritten">It was written, for the next load.</param>
/// <param name="Warning">Why a file that was there could not be used, or why none could be written; null where all is well.</param>
public sealed record WeightCacheUse(string File, bool IsRead, bool IsWritten, string? Warning);
