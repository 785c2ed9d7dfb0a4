namespace Llm42.Inspection;

/// <summary>What names a model and how it is computed; as <see cref="EngineDescription"/> has it.</summary>
/// <param name="Fingerprint">Where it is equal, deterministic answers are equal.</param>
/// <param name="WeightsDigest">SHA-256 over the weights.</param>
/// <param name="TokenizerDigest">SHA-256 of the tokenizer; null if the model has none.</param>
/// <param name="ConfigDigest">SHA-256 of config.json.</param>
public sealed record ModelFingerprint(string Fingerprint, string WeightsDigest, string? TokenizerDigest, string ConfigDigest);
