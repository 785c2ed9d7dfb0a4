namespace Llm42.Tokenization.Decoders;

/// <summary>Sends the tokens of ids through a chain of decoder stages.</summary>
internal sealed class StagedDetokenizer : IncrementalDetokenizer
{
    private readonly Vocabulary _vocabulary;
    private readonly bool _skipSpecialTokens;
    private readonly DecoderStage _first;
    private readonly CollectStage _last;
    private bool _isFlushed;

    public StagedDetokenizer(Vocabulary vocabulary, DecoderStage first, bool skipSpecialTokens)
    {
        _vocabulary = vocabulary;
        _skipSpecialTokens = skipSpecialTokens;
        _first = first.Fork();
        DecoderStage last = _first;
        while (last.Next is { } next)
        {
            last = next;
        }

        _last = (CollectStage)last;
    }

    private StagedDetokenizer(StagedDetokenizer source)
        : this(source._vocabulary, source._first, source._skipSpecialTokens) => _isFlushed = source._isFlushed;

    /// <summary>Links stages, puts the collecting stage behind them and returns the first.</summary>
    public static DecoderStage Link(IReadOnlyList<DecoderStage> stages)
    {
        DecoderStage first = new CollectStage();
        foreach (DecoderStage stage in stages.Reverse())
        {
            stage.Next = first;
            first = stage;
        }

        return first;
    }

    public override string Append(int id)
    {
        Write(id);
        return _last.Take();
    }

    /// <summary>Takes an id and leaves its text for a later call.</summary>
    public void Write(int id)
    {
        if (_isFlushed)
        {
            throw new InvalidOperationException($"The id {id} was appended after Flush; create a new detokenizer for a new text.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(id);
        if (_vocabulary.Token(id) is { } token && !(_skipSpecialTokens && _vocabulary.IsSpecial(id)))
        {
            _first.Write(token, endsToken: true);
        }
    }

    public override string Flush()
    {
        if (!_isFlushed)
        {
            _first.End();
            _isFlushed = true;
        }

        return _last.Take();
    }

    public override IncrementalDetokenizer Fork() => new StagedDetokenizer(this);
}
