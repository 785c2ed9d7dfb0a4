namespace Llm42.Tokenization.Bpe;

/// <summary>Whether merges cross the places where a text without a pre-tokenizer could be cut into words.</summary>
/// <param name="CrossMetaspace">Some merge joins another symbol to a metaspace that follows it.</param>
/// <param name="TouchNewline">Some merge joins a newline to what is before it or behind it.</param>
internal readonly record struct MergeBoundaries(bool CrossMetaspace, bool TouchNewline);
