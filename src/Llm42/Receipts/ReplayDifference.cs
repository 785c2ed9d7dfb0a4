namespace Llm42.Receipts;

/// <summary>The first place where a replay and its receipt differ.</summary>
/// <param name="Index">Place in the answer, from 0.</param>
/// <param name="Expected">What the receipt has there; null if its answer has ended.</param>
/// <param name="Actual">What the replay has there; null if its answer has ended.</param>
public sealed record ReplayDifference(int Index, ReplayToken? Expected, ReplayToken? Actual);
