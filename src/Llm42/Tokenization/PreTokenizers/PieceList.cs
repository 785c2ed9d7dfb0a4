namespace Llm42.Tokenization.PreTokenizers;

/// <summary>Pieces of a text, in order, held in one growing buffer that is used again and again.</summary>
internal sealed class PieceList
{
    // A buffer larger than this is given up after use rather than kept for the next text.
    private const int LargestKept = 1 << 20;

    private char[] _characters = new char[1024];
    private (int Start, int Length, bool IsAtOrigin)[] _pieces = new (int, int, bool)[256];
    private int _length;

    public int Count { get; private set; }

    public ReadOnlySpan<char> this[int index] => _characters.AsSpan(_pieces[index].Start, _pieces[index].Length);

    /// <summary>Whether a piece starts where the whole text starts.</summary>
    public bool IsAtOrigin(int index) => _pieces[index].IsAtOrigin;

    public void Clear()
    {
        Count = 0;
        _length = 0;
        if (_characters.Length > LargestKept)
        {
            _characters = new char[1024];
        }

        if (_pieces.Length > LargestKept)
        {
            _pieces = new (int, int, bool)[256];
        }
    }

    /// <summary>Adds a piece; an empty one is dropped.</summary>
    public void Add(ReadOnlySpan<char> piece, bool isAtOrigin)
    {
        if (piece.IsEmpty)
        {
            return;
        }

        piece.CopyTo(Reserve(piece.Length));
        Commit(piece.Length, isAtOrigin);
    }

    /// <summary>Room for a piece of at most this length, to be written and then committed.</summary>
    public Span<char> Reserve(int length)
    {
        if (_length + length > _characters.Length)
        {
            Array.Resize(ref _characters, Math.Max(_characters.Length * 2, checked(_length + length)));
        }

        return _characters.AsSpan(_length, length);
    }

    /// <summary>Makes a piece of what was written to the reserved room.</summary>
    public void Commit(int length, bool isAtOrigin)
    {
        if (Count == _pieces.Length)
        {
            Array.Resize(ref _pieces, _pieces.Length * 2);
        }

        _pieces[Count++] = (_length, length, isAtOrigin);
        _length += length;
    }
}
