namespace Llm42.Cli.Json;

/// <summary>What `tokenize --json` writes, and `tokenize --jsonl` a line of.</summary>
internal sealed record TokenizeJson(IReadOnlyList<int> TokenIds);
