namespace Llm42.Receipts;

/// <summary>What was answered, bound to what it was made from; <see cref="Receipt"/> defines the bytes.</summary>
/// <param name="InputsDigest">SHA-256 over all of the receipt but this part.</param>
/// <param name="TokenIds">The tokens.</param>
/// <param name="LogprobBits">The binary32 bits of each token's log-probability, as 8 hexadecimal digits.</param>
/// <param name="Chain">The first 8 hexadecimal digits of the running digest behind each token.</param>
/// <param name="Digest">The last running digest in full.</param>
public sealed record ReceiptOutput(
    string InputsDigest,
    IReadOnlyList<int> TokenIds,
    IReadOnlyList<string> LogprobBits,
    IReadOnlyList<string> Chain,
    string Digest);
