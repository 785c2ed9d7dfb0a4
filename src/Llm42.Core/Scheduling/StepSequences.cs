using Llm42.Core.Requests;

namespace Llm42.Core.Scheduling;

/// <summary>What running sequences do in the step that is planned. The lists are kept, so that planning allocates nothing.</summary>
internal sealed class StepSequences
{
    private readonly List<Sequence> _unfinished = [];

    /// <summary>With rows of their prompts.</summary>
    public List<Sequence> Prefills { get; } = [];

    /// <summary>With a row to decode.</summary>
    public List<Sequence> Decoding { get; } = [];

    /// <summary>With drafts to verify, the first to be verified first.</summary>
    public List<Sequence> Windows { get; } = [];

    /// <summary>Forgets them all: keeps no finished sequence alive.</summary>
    public void Clear()
    {
        Prefills.Clear();
        Decoding.Clear();
        Windows.Clear();
        _unfinished.Clear();
    }

    /// <summary>Divides the running ones by whether their prompts are done; those that run alone are left out.</summary>
    public void Fill(List<Sequence> running, bool isFixedShape)
    {
        Clear();
        foreach (Sequence sequence in running)
        {
            if (!sequence.NeedsPrefill)
                Decoding.Add(sequence);
            else if (!(isFixedShape && sequence.Request.IsDeterministic))
                Prefills.Add(sequence);
        }
    }

    /// <summary>Puts the windows in order: the least recently verified first.</summary>
    public void SortWindows() => Windows.Sort(VerifyOrder);

    /// <summary>Makes windows of what others have drafted so far, as many as a step of so many rows has room for.</summary>
    public void TakeUnfinished(int maxRows)
    {
        int room = maxRows - Decoding.Count;
        foreach (Sequence sequence in Windows)
            room -= sequence.Drafts.Count + 1;
        _unfinished.Clear();
        foreach (Sequence sequence in Decoding)
        {
            if (sequence.Drafts.Count > 0)
                _unfinished.Add(sequence);
        }

        _unfinished.Sort(VerifyOrder);
        foreach (Sequence sequence in _unfinished)
        {
            if (sequence.Drafts.Count > room)
                break;
            room -= sequence.Drafts.Count;
            Windows.Add(sequence);
            Decoding.Remove(sequence);
        }
    }

    private static int VerifyOrder(Sequence a, Sequence b) =>
        a.LastVerifiedStep != b.LastVerifiedStep ? a.LastVerifiedStep.CompareTo(b.LastVerifiedStep) : a.Id.CompareTo(b.Id);
}
