using Llm42.Core.Requests;

namespace Llm42.Core.Sampling;

/// <summary>
/// What bias and penalties make of a sequence so far: how often each token was in the prompt and in the committed
/// answer. Drafts are never counted in: a row names those before it, so a roll-back has nothing to undo.
/// </summary>
public sealed class SamplingState
{
    private readonly SamplingParameters _rules;

    /// <summary>Tokens with a bias, and those that the penalties look at, by ascending id.</summary>
    private readonly SortedList<int, Seen> _seen;
    private readonly List<int> _sortedDrafts = [];

    private SamplingState(GenerationRequest request)
    {
        _rules = request.Sampling;
        Dictionary<int, Seen> seen = [];
        foreach ((int token, float bias) in _rules.LogitBias)
            seen[token] = new Seen(bias, InPrompt: false, Answered: 0);
        if (_rules.RepetitionPenalty != 1)
        {
            foreach (int token in request.PromptIds)
                seen[token] = seen.GetValueOrDefault(token) with { InPrompt = true };
        }

        _seen = new SortedList<int, Seen>(seen);
    }

    /// <summary>The state before the first generated token; null where neither bias nor penalty is in force.</summary>
    public static SamplingState? Of(GenerationRequest request) =>
        request.Sampling.HasPenalties || request.Sampling.LogitBias.Count > 0 ? new SamplingState(request) : null;

    /// <summary>Takes note of a committed token.</summary>
    public void Commit(int tokenId)
    {
        if (!_rules.HasPenalties)
            return;
        Seen seen = _seen.GetValueOrDefault(tokenId);
        _seen[tokenId] = seen with { Answered = seen.Answered + 1 };
    }

    /// <summary>Appends the adjustments of a row that follows some drafts, by ascending token id.</summary>
    /// <param name="drafts">The drafts behind the last committed token, up to and including the row's own.</param>
    /// <param name="adjustments">Is appended to; tokens that nothing changes for are left out.</param>
    public void AppendAdjustments(ReadOnlySpan<int> drafts, List<LogitAdjustment> adjustments)
    {
        _sortedDrafts.Clear();
        if (_rules.HasPenalties)
        {
            _sortedDrafts.AddRange(drafts);
            _sortedDrafts.Sort();
        }

        // Both lists ascend: merge them.
        int nextSeen = 0, nextDraft = 0;
        while (nextSeen < _seen.Count || nextDraft < _sortedDrafts.Count)
        {
            int seenToken = nextSeen < _seen.Count ? _seen.GetKeyAtIndex(nextSeen) : int.MaxValue;
            int draftToken = nextDraft < _sortedDrafts.Count ? _sortedDrafts[nextDraft] : int.MaxValue;
            int token = Math.Min(seenToken, draftToken);
            Seen seen = seenToken == token ? _seen.GetValueAtIndex(nextSeen++) : default;
            int answered = seen.Answered;
            for (; nextDraft < _sortedDrafts.Count && _sortedDrafts[nextDraft] == token; nextDraft++)
                answered++;
            LogitAdjustment adjustment = Adjustment(token, seen with { Answered = answered });
            if (adjustment is not { Bias: 0, Repetition: 1, Penalty: 0 })
                adjustments.Add(adjustment);
        }
    }

    private LogitAdjustment Adjustment(int token, Seen seen) => new(
        token,
        seen.Bias,
        seen.InPrompt || seen.Answered > 0 ? _rules.RepetitionPenalty : 1,
        seen.Answered > 0 ? (seen.Answered * _rules.FrequencyPenalty) + _rules.PresencePenalty : 0);

    private readonly record struct Seen(float Bias, bool InPrompt, int Answered);
}
