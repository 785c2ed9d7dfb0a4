namespace Llm42.Cli.Json;

/// <summary>What `tokenize --jsonl` writes for a text.</summary>
/// <param name="Ids">Its ids, without the special tokens that the model puts around a text.</param>
/// <param name="IdsWithSpecial">Its ids with them.</param>
/// <param name="Decoded">The text of <paramref name="Ids"/>; special tokens written out in the text are part of it.</param>
internal sealed record TokenizeLineJson(IReadOnlyList<int> Ids, IReadOnlyList<int> IdsWithSpecial, string Decoded);
