using Llm42.Tokenization;

namespace Llm42.Generation;

/// <summary>The text of an answer as its reader sees it: nothing from a stop string on, and usually no special tokens.</summary>
internal sealed class AnswerText
{
    private readonly IncrementalDetokenizer? _detokenizer;
    private readonly IReadOnlySet<int> _stopTokenIds;
    private readonly StopStringScanner _scanner;

    /// <summary>An empty answer.</summary>
    /// <param name="tokenizer">Null where the model has none: the text stays empty.</param>
    /// <param name="stops">Stop strings.</param>
    /// <param name="stopTokenIds">Tokens that end the answer; they have no text.</param>
    /// <param name="skipSpecialTokens">Special tokens have no text.</param>
    public AnswerText(ITokenizer? tokenizer, IReadOnlyList<string> stops, IReadOnlySet<int> stopTokenIds, bool skipSpecialTokens = true)
    {
        _detokenizer = tokenizer?.CreateDetokenizer(skipSpecialTokens);
        _scanner = new StopStringScanner(stops);
        _stopTokenIds = stopTokenIds;
    }

    /// <summary>Takes a token and returns the text that has become certain.</summary>
    public string Append(int tokenId) =>
        _detokenizer is null || _stopTokenIds.Contains(tokenId) ? "" : _scanner.Append(_detokenizer.Append(tokenId));

    /// <summary>Ends the answer and returns the rest of its text.</summary>
    public string Flush() => _detokenizer is null ? "" : _scanner.Append(_detokenizer.Flush()) + _scanner.Flush();
}
