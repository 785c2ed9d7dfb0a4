using Llm42.Core.Requests;
using Llm42.Tokenization;

namespace Llm42.Generation;

/// <summary>Stop strings as the engine sees them: over tokens, forked along drafts.</summary>
internal sealed class TextStop : ITextStop
{
    private readonly IncrementalDetokenizer _detokenizer;
    private readonly StopStringScanner _scanner;

    public TextStop(IncrementalDetokenizer detokenizer, StopStringScanner scanner)
    {
        _detokenizer = detokenizer;
        _scanner = scanner;
    }

    /// <inheritdoc/>
    public bool Append(int tokenId)
    {
        _scanner.Append(_detokenizer.Append(tokenId));
        return _scanner.IsStopped;
    }

    /// <inheritdoc/>
    public ITextStop Fork() => new TextStop(_detokenizer.Fork(), _scanner.Fork());
}
