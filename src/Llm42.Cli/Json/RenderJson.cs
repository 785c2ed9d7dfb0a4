namespace Llm42.Cli.Json;

/// <summary>What `render --json` writes, and `render --jsonl` a line of.</summary>
/// <param name="Text">The prompt.</param>
/// <param name="Ids">Its token ids; none where the directory has no tokenizer.</param>
internal sealed record RenderJson(string Text, IReadOnlyList<int>? Ids);
