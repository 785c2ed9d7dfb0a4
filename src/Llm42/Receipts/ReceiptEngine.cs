namespace Llm42.Receipts;

/// <summary>The engine that gave an answer.</summary>
/// <param name="Version">Version of Llm42. Another one with the same profile must give the same answer.</param>
/// <param name="NumericsProfile">Name of the invariant numerics, KV dtype included: "cpu-fma-1+kv-bf16".</param>
/// <param name="Fingerprint">The engine's, see <see cref="EngineDescription.Fingerprint"/>.</param>
public sealed record ReceiptEngine(string Version, string NumericsProfile, string Fingerprint);
