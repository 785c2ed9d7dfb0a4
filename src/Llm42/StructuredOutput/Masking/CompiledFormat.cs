using Llm42.Core.Sampling;
using Llm42.StructuredOutput.Grammars;

namespace Llm42.StructuredOutput.Masking;

/// <summary>A grammar over the tokens of a vocabulary. Masks are made when they are needed and remembered within bounds.</summary>
internal sealed class CompiledFormat
{
    private const long MaxMaskBytes = 8 << 20;
    private const int FewestMasks = 32;

    private readonly Automaton _automaton;
    private readonly FragmentMasks _fragments;
    private readonly TokenTrie _trie;
    private readonly int _vocabulary;
    private readonly int[] _endTokens;
    private readonly int _maxMasks;
    private readonly Lock _lock = new();
    private int _masks;

    /// <summary>A grammar over tokens.</summary>
    /// <param name="grammar">The grammar.</param>
    /// <param name="trie">The tokens with text.</param>
    /// <param name="vocabulary">Tokens that the model chooses from.</param>
    /// <param name="endTokens">Tokens that end the answer.</param>
    public CompiledFormat(Grammar grammar, TokenTrie trie, int vocabulary, IReadOnlyCollection<int> endTokens)
    {
        CheckBytes(grammar, trie);
        _automaton = new Automaton(grammar);
        _trie = trie;
        _vocabulary = vocabulary;
        _endTokens = [.. endTokens.Where(id => (uint)id < (uint)vocabulary)];
        _fragments = new FragmentMasks(grammar, trie, Words);
        _maxMasks = (int)Math.Max(FewestMasks, MaxMaskBytes / (4L * Words));
        Start = new State(this, _automaton.Start);
        if (Start.IsEnd)
            throw new ArgumentException("The output format allows nothing but an empty answer.");
    }

    /// <summary>
    /// Works out ahead what masks are made of: on the thread that compiles rather than on the engine's, where other requests
    /// would wait.
    /// </summary>
    public void Prepare()
    {
        lock (_lock)
            _fragments.Prepare();
        Start.GetAllowedTokens();
    }

    private int Words => (_vocabulary + 31) / 32;

    /// <summary>The state before the first token.</summary>
    public ITokenConstraint Start { get; }

    private static void CheckBytes(Grammar grammar, TokenTrie trie)
    {
        // Where each byte is a token, every beginning of a text can be completed: markers too, letter by letter.
        var used = default(ByteSet);
        foreach (var node in grammar.Nodes)
            used |= node.Bytes;
        for (var value = 0; value < CallMarkers.FirstSymbol; value++)
        {
            if (used.Contains((byte)value) && !trie.HasByte((byte)value))
                throw new ArgumentException(
                    $"The output format needs the byte 0x{value:X2}, and the model's tokenizer has no token that is this byte alone.");
        }
    }

    private uint[] MaskOf(ParseState state)
    {
        lock (_lock)
        {
            var representative = _automaton.Representative(state, _trie.LongestToken);
            if (representative.Mask is { } known)
                return known;
            if (++_masks > _maxMasks)
            {
                _masks = 1;
                _automaton.Flush();
                representative = _automaton.Representative(state, _trie.LongestToken);
            }
            var mask = new uint[Words];
            _fragments.Mark(_automaton, representative, mask);
            if (state.IsAccepting)
            {
                foreach (var id in _endTokens)
                    mask[id >> 5] |= 1u << id;
            }

            // The walk may have made the automaton forget, and the state with it.
            return _automaton.Representative(state, _trie.LongestToken).Mask = mask;
        }
    }

    private ParseState? Follow(ParseState state, int tokenId)
    {
        var bytes = _trie.BytesOf(tokenId);
        if (bytes.IsEmpty)
            return null;
        lock (_lock)
        {
            foreach (var value in bytes)
            {
                state = _automaton.Step(state, value);
                if (state.IsDead)
                    return null;
            }
        }
        return state;
    }

    private sealed class State(CompiledFormat format, ParseState? state) : ITokenConstraint
    {
        public bool IsEnd => state is null || (state.Places.Length == 0 && format._endTokens.Length == 0);

        public uint[] GetAllowedTokens() => state is null ? new uint[format.Words] : format.MaskOf(state);

        public ITokenConstraint Follow(int tokenId) => new State(format, state is null ? null : format.Follow(state, tokenId));
    }
}
