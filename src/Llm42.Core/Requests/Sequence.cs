using System.Runtime.InteropServices;
using Llm42.Core.Execution;
using Llm42.Core.KvCache;
using Llm42.Core.Observability;
using Llm42.Core.Sampling;

namespace Llm42.Core.Requests;

/// <summary>
/// A request on its way through the engine: its tokens, its drafts, its pages. Owned by the engine thread; the
/// scheduler gives and takes pages, the verifier alone writes committed tokens, drafts and lengths.
/// </summary>
public sealed class Sequence
{
    private readonly List<int> _tokens;
    private readonly List<int> _drafts = [];
    private readonly List<float> _draftMargins = [];
    private readonly List<RowPrediction> _promptScores = [];
    private readonly SamplingState? _sampling;
    private readonly List<ITokenConstraint> _draftConstraints = [];
    private ITokenConstraint? _constraint;
    private readonly List<RowHashes> _capturedRows = [];

    /// <summary>A sequence that has not run yet.</summary>
    /// <param name="id">Number in order of arrival.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="pageSize">Positions per KV page.</param>
    /// <param name="tokenLimit">Most tokens to commit: the request's limit, or what the context leaves.</param>
    public Sequence(long id, GenerationRequest request, int pageSize, int tokenLimit)
    {
        Id = id;
        Request = request;
        TokenLimit = tokenLimit;
        _tokens = [.. request.PromptIds];
        Blocks = new BlockTable(pageSize);
        TextStop = request.TextStop?.Fork();
        _sampling = SamplingState.Of(request);
        _constraint = request.Constraint;
    }

    /// <summary>Number in order of arrival.</summary>
    public long Id { get; }

    /// <summary>What was asked.</summary>
    public GenerationRequest Request { get; }

    /// <summary>Most tokens to commit.</summary>
    public int TokenLimit { get; }

    /// <summary>Length of the prompt.</summary>
    public int PromptLength => Request.PromptIds.Count;

    /// <summary>Prompt and committed tokens.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary><see cref="Tokens"/> side by side; valid until one is added.</summary>
    internal ReadOnlySpan<int> TokenSpan => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>Number of committed tokens.</summary>
    public int CommittedCount => _tokens.Count - PromptLength;

    /// <summary>Tokens proposed but not verified.</summary>
    public IReadOnlyList<int> Drafts => _drafts;

    /// <summary>Per draft, by how much it was chosen over the next best token.</summary>
    internal IReadOnlyList<float> DraftMargins => _draftMargins;

    /// <summary>Margin of the draft that was nearest to another one; there must be a draft.</summary>
    internal float LeastDraftMargin => _draftMargins.Min();

    /// <summary>
    /// Leading positions whose keys and values are in the cache for good: Tokens.Count - 1 at every quiescent point
    /// (the last token's are written by the pass that reads it).
    /// </summary>
    public int ComputedLength { get; internal set; }

    /// <summary>Leading positions whose keys and values were written under invariant numerics.</summary>
    public int CanonicalLength { get; internal set; }

    /// <summary>Leading pages whose content the prefix index knows.</summary>
    internal int PublishedPages { get; set; }

    /// <summary>The prefix index's name for all that is in those pages.</summary>
    internal long PublishedName { get; set; } = PrefixIndex.Root;

    /// <summary>The KV pages.</summary>
    public BlockTable Blocks { get; }

    /// <summary>Counts.</summary>
    public RequestStatistics Statistics { get; } = new();

    /// <summary>What metrics and traces know of it; null outside of an engine.</summary>
    internal RequestObservation? Observation { get; init; }

    /// <summary>Why it ended; null while it runs.</summary>
    public FinishReason? FinishReason { get; internal set; }

    /// <summary>Scores of prompt tokens 1, 2 and so on, if the request asked for them.</summary>
    public IReadOnlyList<RowPrediction> PromptScores => _promptScores;

    /// <summary>Known tokens other than the last lack keys and values, or nothing was predicted yet.</summary>
    internal bool NeedsPrefill => CommittedCount == 0 || _tokens.Count - ComputedLength > 1;

    /// <summary>Step of the last verify pass: the least recently verified window goes first.</summary>
    internal long LastVerifiedStep { get; set; }

    /// <summary>Committed tokens that the caller has not been told of.</summary>
    internal Queue<TokenEvent> Outbox { get; } = new();

    internal ITextStop? TextStop { get; }

    /// <summary>State of the stop strings along the drafts; null while there are none.</summary>
    internal ITextStop? DraftTextStop { get; set; }

    /// <summary>The last draft may end the request, so that drafting on would be idle.</summary>
    internal bool DraftMayFinish { get; set; }

    /// <summary>Bias or penalties are in force.</summary>
    public bool HasAdjustments => _sampling is not null;

    /// <summary>
    /// Appends the adjustments of the logits that choose the token at a position, by ascending token id: those of the
    /// committed tokens and of the drafts before it. The position is that of the first draft, or a later one.
    /// </summary>
    public void AppendAdjustments(int position, List<LogitAdjustment> adjustments) =>
        _sampling?.AppendAdjustments(CollectionsMarshal.AsSpan(_drafts)[..(position - _tokens.Count)], adjustments);

    /// <summary>
    /// What the token at a position is bound to, behind the committed tokens and the drafts before it; null for nothing.
    /// The position is that of the first draft, or a later one.
    /// </summary>
    public ITokenConstraint? ConstraintAt(int position) =>
        position == _tokens.Count || _constraint is null ? _constraint : _draftConstraints[position - _tokens.Count - 1];

    /// <summary>Nothing may follow the committed tokens, or the drafts behind them.</summary>
    internal bool IsComplete => ConstraintAt(_tokens.Count + _drafts.Count)?.IsEnd == true;

    /// <summary>The request's output format allows a token behind the committed ones and the drafts.</summary>
    internal bool MayDraft(int tokenId) =>
        ConstraintAt(_tokens.Count + _drafts.Count) is not { } constraint
        || (!constraint.IsEnd && ((constraint.GetAllowedTokens()[tokenId / 32] >> (tokenId % 32)) & 1) != 0);

    /// <summary>The token at a position, drafts included.</summary>
    public int TokenAt(int position) =>
        position < _tokens.Count ? _tokens[position] : _drafts[position - _tokens.Count];

    internal void AppendDraft(int tokenId, float margin)
    {
        if (ConstraintAt(_tokens.Count + _drafts.Count) is { } constraint)
            _draftConstraints.Add(constraint.Follow(tokenId));
        _drafts.Add(tokenId);
        _draftMargins.Add(margin);
    }

    internal void ClearDrafts()
    {
        _drafts.Clear();
        _draftMargins.Clear();
        _draftConstraints.Clear();
        DraftTextStop = null;
        DraftMayFinish = false;
    }

    internal void AppendCommitted(int tokenId, RowPrediction prediction)
    {
        Outbox.Enqueue(new TokenEvent(CommittedCount, tokenId, prediction.Logprob, prediction.Top));
        _tokens.Add(tokenId);
        _sampling?.Commit(tokenId);
        _constraint = _constraint?.Follow(tokenId);
    }

    internal void AppendPromptScore(RowPrediction score) => _promptScores.Add(score);

    /// <summary>
    /// Keeps the hashes of a row that stands. The first one of a position stays: after a preemption the row is run
    /// again, but what follows it has been predicted from the first.
    /// </summary>
    internal void Capture(int position, RowHashes hashes)
    {
        if (position == _capturedRows.Count)
            _capturedRows.Add(hashes);
    }

    /// <summary>The hashes of the rows that prompt and answer came from, if the request asked for them.</summary>
    internal LayerTrace? ToLayerTrace()
    {
        // The last window may have run rows behind the end of the answer.
        int rows = Math.Max(PromptLength, _tokens.Count - 1);
        return Request.CaptureLayers ? new LayerTrace([.. _capturedRows.Take(rows)]) : null;
    }
}
