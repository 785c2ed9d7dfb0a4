namespace Llm42.Inspection;

/// <summary>A model's tokenizer.</summary>
/// <param name="Kind">Its algorithm: "BPE".</param>
/// <param name="VocabularySize">One more than the largest id.</param>
/// <param name="SpecialTokens">Special tokens in it.</param>
public sealed record TokenizerDescription(string Kind, int VocabularySize, int SpecialTokens);
