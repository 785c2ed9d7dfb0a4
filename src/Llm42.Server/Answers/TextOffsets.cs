using Llm42.Tokenization;

namespace Llm42.Server.Answers;

/// <summary>Where in a text its tokens begin, in characters. A token inside a character counts to the text before it.</summary>
/// <param name="tokenizer">Makes the text; null for none.</param>
/// <param name="skipSpecialTokens">Special tokens are no part of it.</param>
internal sealed class TextOffsets(ITokenizer? tokenizer, bool skipSpecialTokens)
{
    private readonly IncrementalDetokenizer? _detokenizer = tokenizer?.CreateDetokenizer(skipSpecialTokens);

    private int _length;

    /// <summary>Where the next token begins.</summary>
    public int Next(int tokenId)
    {
        var offset = _length;
        _length += _detokenizer?.Append(tokenId).Length ?? 0;
        return offset;
    }
}
