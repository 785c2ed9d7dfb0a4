namespace Llm42.Tokenization.Regexes;

/// <summary>What the searches of one text may cost, and the stack that they backtrack over. Not for two threads at once.</summary>
internal sealed class MatchBudget
{
    // A pattern that backtracks this much per character of text is not one that a tokenizer can use.
    private const long BaseSteps = 1_000_000;
    private const long StepsPerCharacter = 200;

    // A stack larger than this is given up after use; one that would grow past the other ends the search.
    private const int LargestKept = 1 << 18;
    private const int LargestStack = 1 << 25;

    [ThreadStatic]
    private static MatchBudget? _kept;

    private int[] _stack = new int[256];

    private MatchBudget()
    {
    }

    /// <summary>The steps that are left; negative when they ran out.</summary>
    public long Steps;

    /// <summary>How much of the stack is in use.</summary>
    public int Top;

    public int[] Stack => _stack;

    /// <summary>Begins the searches of a text.</summary>
    public static MatchBudget Take(int textLength)
    {
        MatchBudget budget = _kept ?? new MatchBudget();
        _kept = null;
        budget.Steps = BaseSteps + StepsPerCharacter * textLength;
        return budget;
    }

    /// <summary>Ends the searches of a text; a budget that is not given back is collected.</summary>
    public void GiveBack()
    {
        if (_stack.Length > LargestKept)
        {
            _stack = new int[256];
        }

        _kept = this;
    }

    /// <summary>Doubles the stack, or ends the search.</summary>
    public void Grow()
    {
        if (_stack.Length >= LargestStack)
        {
            Steps = -1;
            Top = 0;
        }
        else
        {
            Array.Resize(ref _stack, _stack.Length * 2);
        }
    }
}
