namespace Llm42.Tokenization;

/// <summary>
/// Text to token ids and back. The engine knows tokenizers by this interface only, so another library's tokenizer
/// can take the place of <see cref="BpeTokenizer"/>. Implementations are safe to use from many threads.
/// </summary>
public interface ITokenizer
{
    /// <summary>One more than the largest id. Some ids below it may have no token.</summary>
    int VocabularySize { get; }

    /// <summary>The SHA-256 of the file that defines the tokenizer, in lower-case hexadecimal digits.</summary>
    string Fingerprint { get; }

    /// <summary>Encodes a text. Lone surrogates in it count as U+FFFD.</summary>
    /// <param name="text">The text. Special tokens written out in it are recognized as such.</param>
    /// <param name="addSpecialTokens">Whether to add the special tokens that the model expects around a text, such as its first token.</param>
    /// <returns>The ids.</returns>
    int[] Encode(string text, bool addSpecialTokens);

    /// <summary>Decodes ids. An id without a token decodes to nothing; bytes that are not UTF-8 decode to U+FFFD.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="skipSpecialTokens">Whether to leave special tokens out.</param>
    /// <returns>The text.</returns>
    string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens);

    /// <summary>Creates a detokenizer for ids that arrive one by one.</summary>
    /// <param name="skipSpecialTokens">Whether to leave special tokens out.</param>
    /// <returns>A detokenizer at the start of a text.</returns>
    IncrementalDetokenizer CreateDetokenizer(bool skipSpecialTokens);

    /// <summary>Looks a token up by its exact content.</summary>
    /// <param name="token">The token as the vocabulary writes it.</param>
    /// <param name="id">Its id.</param>
    /// <returns>Whether there is such a token.</returns>
    bool TryGetId(string token, out int id);

    /// <summary>Gets the token of an id, as the vocabulary writes it.</summary>
    /// <param name="id">The id.</param>
    /// <returns>The token, or null if the id has none.</returns>
    string? IdToToken(int id);

    /// <summary>
    /// Gets the bytes that a token is in a text, behind other tokens: a byte alphabet is undone, a byte-fallback token is
    /// its byte, a visible space is a space. They may be a part of a character. All bytes together are the UTF-8 of the
    /// decoded text, but for what the decoder strips at its ends. A special token's are those of its written form.
    /// </summary>
    /// <param name="id">The id.</param>
    /// <returns>The bytes, the caller's own; null if the id has no token.</returns>
    byte[]? GetTokenBytes(int id);

    /// <summary>Whether an id belongs to a special token.</summary>
    /// <param name="id">The id.</param>
    /// <returns>True for a special token.</returns>
    bool IsSpecial(int id);
}
