namespace Llm42.Receipts;

/// <summary>The model that gave an answer.</summary>
/// <param name="Name">As it was named to the program that wrote the receipt: "demo", or a directory.</param>
/// <param name="WeightsDigest">See <see cref="EngineDescription.WeightsDigest"/>.</param>
/// <param name="TokenizerDigest">See <see cref="EngineDescription.TokenizerDigest"/>.</param>
/// <param name="ConfigDigest">See <see cref="EngineDescription.ConfigDigest"/>.</param>
public sealed record ReceiptModel(string Name, string WeightsDigest, string? TokenizerDigest, string ConfigDigest);
