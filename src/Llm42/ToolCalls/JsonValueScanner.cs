namespace Llm42.ToolCalls;

/// <summary>
/// Finds the end of a JSON value, character by character, by its brackets and strings alone. What no JSON has outside of
/// strings ends it too.
/// </summary>
internal sealed class JsonValueScanner
{
    private readonly Stack<char> _closers = [];
    private bool _hasBegun;
    private bool _isInString;
    private bool _isEscaped;

    /// <summary>What a character is to the value.</summary>
    public enum Verdict
    {
        /// <summary>It belongs to it, and more follows.</summary>
        Inside,

        /// <summary>It is its last.</summary>
        Last,

        /// <summary>The value ended before it.</summary>
        Behind,

        /// <summary>The value is malformed from here on.</summary>
        Wrong,
    }

    /// <summary>Makes it ready for another value.</summary>
    public void Clear()
    {
        _closers.Clear();
        _hasBegun = _isInString = _isEscaped = false;
    }

    /// <summary>Takes a character; the first must be none that is blank.</summary>
    public Verdict Take(char character)
    {
        var isOutermost = _closers.Count == 0;
        if (_isInString)
        {
            if (_isEscaped)
                _isEscaped = false;
            else if (character == '\\')
                _isEscaped = true;
            else if (character == '"')
                _isInString = false;
            return _isInString || !isOutermost ? Verdict.Inside : Verdict.Last;
        }
        switch (character)
        {
            case '}' or ']' when !isOutermost:
                if (_closers.Pop() != character)
                    return Verdict.Wrong;
                return _closers.Count == 0 ? Verdict.Last : Verdict.Inside;
            case ',' or '}' or ']' or ' ' or '\t' or '\r' or '\n' when isOutermost:
                return _hasBegun ? Verdict.Behind : Verdict.Wrong;
            case ',' or ':' or ' ' or '\t' or '\r' or '\n' when !isOutermost:
                return Verdict.Inside;
            case '"' or '{' or '[':
                if (isOutermost && _hasBegun)
                    return Verdict.Wrong;
                if (character == '"')
                    _isInString = true;
                else
                    _closers.Push(character == '{' ? '}' : ']');
                break;
            case not ('+' or '-' or '.') when !char.IsAsciiLetterOrDigit(character):
                return Verdict.Wrong;
        }
        _hasBegun = true;
        return Verdict.Inside;
    }
}
