namespace Llm42.StructuredOutput.Masking;

/// <summary>What a walk over the tokens finds for a <see cref="Fragment"/>.</summary>
internal sealed class FragmentTokens
{
    private readonly List<(int Rounds, int Token)> _tokens = [];

    /// <summary>Nodes of the tree behind which the frame may have ended, and the rounds that are done then.</summary>
    public List<(int TrieNode, int Rounds)> Exits { get; } = [];

    public void Add(int token, int rounds) => _tokens.Add((rounds, token));

    /// <summary>What was found, in the form in which it is used.</summary>
    /// <param name="words">Words of a mask.</param>
    public Fragment ToFragment(int words)
    {
        uint[]? mask = null;
        int[] sorted = [];
        int[] ends = [];
        if (_tokens.Count > words)
        {
            mask = new uint[words];
            foreach (var (_, token) in _tokens)
                mask[token >> 5] |= 1u << token;
        }

        // A mask of all of them does where none needs a further round.
        var most = _tokens.Count == 0 ? 0 : _tokens.Max(token => token.Rounds);
        if (mask is null || most > 0)
        {
            ends = new int[most + 1];
            foreach (var (rounds, _) in _tokens)
                ends[rounds]++;
            for (var i = 1; i < ends.Length; i++)
                ends[i] += ends[i - 1];
            sorted = new int[_tokens.Count];
            var places = (int[])[0, .. ends];
            foreach (var (rounds, token) in _tokens)
                sorted[places[rounds]++] = token;
        }
        return new Fragment(mask, sorted, ends, [.. Exits]);
    }
}
