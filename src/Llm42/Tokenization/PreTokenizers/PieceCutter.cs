namespace Llm42.Tokenization.PreTokenizers;

/// <summary>Takes the delimiters found in a piece, first to last, and adds the resulting pieces.</summary>
internal ref struct PieceCutter(ReadOnlySpan<char> text, bool isAtOrigin, SplitBehavior behavior, bool invert, PieceList output)
{
    private readonly ReadOnlySpan<char> _text = text;
    private int _position;
    private int _start;
    private int _end;
    private bool _hasPiece;
    private bool _wasDelimiter;

    /// <summary>Notes a delimiter; what lies between it and the one before is not one.</summary>
    public void Delimiter(int start, int end)
    {
        if (start > _position)
        {
            Segment(_position, start, isDelimiter: invert);
        }

        Segment(start, end, isDelimiter: !invert);
        _position = end;
    }

    /// <summary>Ends the text.</summary>
    public void Finish()
    {
        if (_position < _text.Length)
        {
            Segment(_position, _text.Length, isDelimiter: invert);
        }

        Flush();
    }

    private void Segment(int start, int end, bool isDelimiter)
    {
        bool joins = behavior switch
        {
            SplitBehavior.Contiguous => isDelimiter == _wasDelimiter,
            SplitBehavior.MergedWithPrevious => isDelimiter && !_wasDelimiter,
            SplitBehavior.MergedWithNext => _wasDelimiter && !isDelimiter,
            _ => false,
        };
        _wasDelimiter = isDelimiter;
        if (behavior == SplitBehavior.Removed && isDelimiter)
        {
            Flush();
            return;
        }

        if (joins && _hasPiece)
        {
            _end = end;
            return;
        }

        Flush();
        (_start, _end, _hasPiece) = (start, end, true);
    }

    private void Flush()
    {
        if (_hasPiece)
        {
            output.Add(_text[_start.._end], isAtOrigin && _start == 0);
            _hasPiece = false;
        }
    }
}
