namespace Llm42.Receipts;

/// <summary>A token of an answer, in a form that compares exactly.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="LogprobBits">The binary32 bits of its log-probability, as 8 hexadecimal digits.</param>
public sealed record ReplayToken(int TokenId, string LogprobBits);
