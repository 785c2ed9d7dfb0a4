namespace Llm42.StructuredOutput.Masking;

/// <summary>
/// The tokens that one node of a grammar allows whatever it is inside of, by the further rounds that the innermost
/// repetition must allow for them, and the places in the tree of tokens where what it is inside of decides.
/// </summary>
internal sealed class Fragment
{
    private readonly uint[]? _mask;
    private readonly int[] _tokens;
    private readonly int[] _ends;

    /// <param name="mask">All tokens; null for few of them.</param>
    /// <param name="tokens">The tokens in the order of the rounds that they need; empty where the mask does for all.</param>
    /// <param name="ends">Where in that order those end that need 0, 1, ... rounds or less.</param>
    /// <param name="exits">Nodes of the tree of tokens behind the end of the frame, and the rounds that are done then.</param>
    public Fragment(uint[]? mask, int[] tokens, int[] ends, (int TrieNode, int Rounds)[] exits)
    {
        _mask = mask;
        _tokens = tokens;
        _ends = ends;
        Exits = exits;
        Bytes = 200 + (4L * ((mask?.Length ?? 0) + tokens.Length + ends.Length)) + (8L * exits.Length);
    }

    /// <summary>Nodes of the tree of tokens behind the end of the frame, and the rounds that are done then.</summary>
    public (int TrieNode, int Rounds)[] Exits { get; }

    /// <summary>What it takes in memory, roughly.</summary>
    public long Bytes { get; }

    /// <summary>Sets the bits of its tokens.</summary>
    /// <param name="rounds">How many rounds may still follow that which is open; negative for any number.</param>
    /// <param name="mask">The bits.</param>
    public void Mark(int rounds, uint[] mask)
    {
        var isAll = rounds < 0 || rounds + 1 >= _ends.Length;
        if (isAll && _mask is not null)
        {
            for (var i = 0; i < mask.Length; i++)
                mask[i] |= _mask[i];
            return;
        }
        foreach (var token in _tokens.AsSpan(0, isAll ? _tokens.Length : _ends[rounds]))
            mask[token >> 5] |= 1u << token;
    }
}
