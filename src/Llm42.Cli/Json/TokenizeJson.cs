namespace Llm42.Cli.Json;

/// <summary>What `tokenize --json` writes.</summary>
internal sealed record TokenizeJson(IReadOnlyList<int> TokenIds);
