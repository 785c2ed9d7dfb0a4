namespace Llm42.Inspection;

/// <summary>A token that ends an answer.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Token">The token; null without a tokenizer, or if that does not know it.</param>
public sealed record EndToken(int Id, string? Token);
