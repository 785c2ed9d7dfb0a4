using System.Runtime.CompilerServices;
using Llm42.StructuredOutput.Grammars;

namespace Llm42.StructuredOutput.Masking;

/// <summary>The bytes of a vocabulary's tokens as a tree, its nodes in the order in which they are walked.</summary>
internal sealed class TokenTrie
{
    private readonly byte[] _bytes;
    private readonly int[] _depths;
    private readonly int[] _ends;
    private readonly int[] _firstTokens;
    private readonly int[] _tokens;
    private readonly byte[]?[] _tokenBytes;

    /// <summary>A tree of tokens.</summary>
    /// <param name="tokenBytes">The bytes of each token; null or empty for one that is no text.</param>
    public TokenTrie(byte[]?[] tokenBytes)
    {
        _tokenBytes = tokenBytes;
        var sorted = Enumerable.Range(0, tokenBytes.Length).Where(id => tokenBytes[id] is { Length: > 0 }).ToArray();
        Array.Sort(sorted, (a, b) => tokenBytes[a].AsSpan().SequenceCompareTo(tokenBytes[b]) is not 0 and var order ? order : a - b);
        _tokens = sorted;
        LongestToken = sorted.Length == 0 ? 0 : sorted.Max(id => tokenBytes[id]!.Length);
        var bytes = new List<byte>();
        var depths = new List<int>();
        var ends = new List<int>();
        var firstTokens = new List<int>();
        var path = new int[LongestToken];
        ReadOnlySpan<byte> before = [];
        for (var i = 0; i < sorted.Length; i++)
        {
            ReadOnlySpan<byte> token = tokenBytes[sorted[i]];
            var common = before.CommonPrefixLength(token);
            for (var depth = common; depth < before.Length; depth++)
                ends[path[depth]] = bytes.Count;
            for (var depth = common; depth < token.Length; depth++)
            {
                path[depth] = bytes.Count;
                bytes.Add(token[depth]);
                depths.Add(depth);
                ends.Add(0);

                // Tokens of a node lie between its first one and the first one of the next node.
                firstTokens.Add(i);
            }
            before = token;
        }
        for (var depth = 0; depth < before.Length; depth++)
            ends[path[depth]] = bytes.Count;
        firstTokens.Add(sorted.Length);
        (_bytes, _depths, _ends, _firstTokens) = ([.. bytes], [.. depths], [.. ends], [.. firstTokens]);
    }

    /// <summary>Bytes of the longest token.</summary>
    public int LongestToken { get; }

    /// <summary>The bytes of a token; empty for one that is no text.</summary>
    public ReadOnlySpan<byte> BytesOf(int tokenId) => (uint)tokenId < (uint)_tokenBytes.Length ? _tokenBytes[tokenId] : [];

    /// <summary>Whether a byte is a token of its own.</summary>
    public bool HasByte(byte value) => Array.Exists(_tokenBytes, bytes => bytes is { Length: 1 } && bytes[0] == value);

    /// <summary>Sets the bits of the tokens whose bytes a state allows.</summary>
    /// <param name="automaton">Knows what follows a state.</param>
    /// <param name="start">The state.</param>
    /// <param name="mask">The bits.</param>
    public void Mark(Automaton automaton, ParseState start, uint[] mask) =>
        Mark(automaton, start, 0, _bytes.Length, new ParseState[LongestToken + 1], mask);

    /// <summary>The same of the tokens below a node, the state being that before the node's byte.</summary>
    /// <param name="automaton">Knows what follows a state.</param>
    /// <param name="start">The state.</param>
    /// <param name="node">The node.</param>
    /// <param name="path">Room for <see cref="LongestToken"/> + 1 states.</param>
    /// <param name="mask">The bits.</param>
    public void MarkBelow(Automaton automaton, ParseState start, int node, ParseState[] path, uint[] mask) =>
        Mark(automaton, start, node, _ends[node], path, mask);

    /// <summary>
    /// Finds the tokens that a state allows, the frame around it being left open, and where in the tree that frame may end.
    /// </summary>
    /// <param name="automaton">Knows what follows the state.</param>
    /// <param name="start">The state.</param>
    /// <param name="first">The bytes that it takes.</param>
    /// <param name="follow">The bytes that may come behind the frame.</param>
    /// <param name="found">Where they go.</param>
    /// <returns>How many nodes were looked at.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Collect(Automaton automaton, ParseState start, ByteSet first, ByteSet follow, FragmentTokens found)
    {
        var states = new ParseState[LongestToken + 1];
        states[0] = start;
        var steps = 0;
        for (var root = 0; root < _bytes.Length; root = _ends[root])
        {
            if (!first.Contains(_bytes[root]))
                continue;
            var end = _ends[root];
            for (var node = root; node < end; steps++)
            {
                var depth = _depths[node];
                var state = automaton.Step(states[depth], _bytes[node]);
                if (state.IsDead)
                {
                    node = _ends[node];
                    continue;
                }
                states[depth + 1] = state;
                for (var i = _firstTokens[node]; i < _firstTokens[node + 1]; i++)
                    found.Add(_tokens[i], state.Rounds);
                if (state.Exits.Length > 0)
                {
                    for (var child = node + 1; child < _ends[node]; child = _ends[child])
                    {
                        if (!follow.Contains(_bytes[child]))
                            continue;
                        foreach (var rounds in state.Exits)
                            found.Exits.Add((child, rounds));
                    }
                }
                node++;
            }
        }
        return steps;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mark(Automaton automaton, ParseState start, int first, int end, ParseState[] states, uint[] mask)
    {
        if (first == end)
            return;
        states[_depths[first]] = start;
        for (var node = first; node < end;)
        {
            var depth = _depths[node];
            var state = automaton.Step(states[depth], _bytes[node]);
            if (state.IsDead)
            {
                node = _ends[node];
                continue;
            }
            states[depth + 1] = state;
            for (var i = _firstTokens[node]; i < _firstTokens[node + 1]; i++)
            {
                var id = _tokens[i];
                mask[id >> 5] |= 1u << id;
            }
            node++;
        }
    }
}
