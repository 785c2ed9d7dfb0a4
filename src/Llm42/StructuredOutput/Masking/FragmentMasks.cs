using Llm42.StructuredOutput.Grammars;

namespace Llm42.StructuredOutput.Masking;

/// <summary>
/// Makes the masks of states out of <see cref="Fragment"/>s. A state allows what each of its places allows; and what a
/// place allows is nearly always decided by its node alone, whatever rules and repetitions are open around it. That part
/// is worked out once for each node. Only where a token goes on behind the end of what is innermost, the rest of the
/// token is followed in the frames of the state.
/// </summary>
internal sealed class FragmentMasks
{
    /// <summary>Most memory of the fragments of a format; all are forgotten where one more does not fit.</summary>
    private const long MaxBytes = 8 << 20;

    /// <summary>Most nodes of the tree of tokens that are looked at ahead of any answer: some ten milliseconds.</summary>
    private const long MaxStepsAhead = 4_000_000;

    private readonly Grammar _grammar;
    private readonly TokenTrie _trie;
    private readonly int _words;
    private readonly Automaton _open;
    private readonly ParseState[] _path;
    private readonly Dictionary<Key, Fragment> _fragments = [];
    private readonly Dictionary<int, Key> _keys = [];
    private long _bytes;

    /// <param name="grammar">The grammar of the states.</param>
    /// <param name="trie">The tokens.</param>
    /// <param name="words">Words of a mask.</param>
    public FragmentMasks(Grammar grammar, TokenTrie trie, int words)
    {
        _grammar = grammar;
        _trie = trie;
        _words = words;
        _open = new Automaton(grammar);
        _path = new ParseState[trie.LongestToken + 1];
    }

    /// <summary>Nodes of the tree of tokens that were looked at for fragments.</summary>
    public long Steps { get; private set; }

    /// <summary>Works fragments out before they are needed, those of the nearest nodes first, as far as that is quick.</summary>
    public void Prepare()
    {
        var seen = new HashSet<(int Node, Key Around)>();
        var work = new Queue<(int Node, Key Around)>();
        Add(_grammar.Start, default);
        while (work.TryDequeue(out var item) && Steps < MaxStepsAhead && _bytes < MaxBytes / 2)
        {
            var (index, around) = item;
            var node = _grammar.Nodes[index];
            switch (node.Kind)
            {
                case NodeKind.Take:
                    Find(index, around);
                    Add(node.Next, around);
                    break;
                case NodeKind.Split:
                    foreach (var target in node.Targets)
                        Add(target, around);
                    break;
                case NodeKind.Call or NodeKind.Repeat:
                    var inside = Around(index);
                    Add(node.First, inside);
                    if (inside.Again >= 0)
                        Add(inside.Again, inside);
                    Add(node.Next, around);
                    break;
            }
        }

        void Add(int node, Key around)
        {
            if (seen.Add((node, around)))
                work.Enqueue((node, around));
        }
    }

    /// <summary>Sets the bits of the tokens that a state allows.</summary>
    /// <param name="automaton">Knows what follows a state.</param>
    /// <param name="state">The state.</param>
    /// <param name="mask">The bits.</param>
    public void Mark(Automaton automaton, ParseState state, uint[] mask)
    {
        foreach (var (node, frame) in state.Places)
        {
            var fragment = Find(node, frame is null ? default : Around(frame.Node));

            // Near the bound of the depth, and where a grammar is too manifold, the frames decide more than their ends.
            if (_open.IsCut || automaton.IsCut || (frame?.Depth ?? 0) + _open.DepthNeeded > Grammar.MaxDepth)
            {
                _trie.Mark(automaton, state, mask);
                return;
            }
            Mark(automaton, fragment, frame, mask);
        }
    }

    private void Mark(Automaton automaton, Fragment fragment, Frame? frame, uint[] mask)
    {
        if (frame is null)
        {
            fragment.Mark(-1, mask);
            return;
        }
        var node = _grammar.Nodes[frame.Node];
        var isRepeat = node.Kind == NodeKind.Repeat;
        var maximum = isRepeat ? node.Maximum : 1;
        fragment.Mark(maximum < 0 ? -1 : maximum - frame.Count - 1, mask);
        ParseState? behind = null;
        foreach (var (trieNode, rounds) in fragment.Exits)
        {
            var done = frame.Count + rounds;
            if ((maximum >= 0 && done > maximum) || (isRepeat && done < node.Minimum))
                continue;
            behind ??= automaton.At(node.Next, frame.Parent);
            _trie.MarkBelow(automaton, behind, trieNode, _path, mask);
        }
    }

    private Fragment Find(int node, Key around)
    {
        var key = around with { Node = node };
        if (_fragments.TryGetValue(key, out var known))
            return known;
        var found = new FragmentTokens();
        var start = _open.At(node, around.HasFrame ? Frame.Open(around.Again, 0) : null);
        Steps += 256 + _trie.Collect(_open, start, _grammar.Nodes[node].Bytes, around.Follow, found);
        var fragment = found.ToFragment(_words);
        if (_bytes + fragment.Bytes > MaxBytes)
        {
            _fragments.Clear();
            _bytes = 0;
        }
        _bytes += fragment.Bytes;
        _fragments.Add(key, fragment);
        return fragment;
    }

    /// <summary>What the fragments inside of a call or a repetition depend on.</summary>
    private Key Around(int index)
    {
        if (_keys.TryGetValue(index, out var known))
            return known;
        var node = _grammar.Nodes[index];
        var hasRounds = node.Kind == NodeKind.Repeat && node.Maximum != 1;

        // Rounds may end behind many tokens, of which few go on as they must; a rule ends behind few.
        var key = new Key(-1, true, hasRounds ? node.Again : -1, hasRounds ? _grammar.FirstBytes(node.Next) : ByteSet.All);
        _keys.Add(index, key);
        return key;
    }

    /// <summary>A node, and what it has to know of the frame that it is in.</summary>
    /// <param name="Node">The node.</param>
    /// <param name="HasFrame">It is inside of a call or a repetition.</param>
    /// <param name="Again">Where further rounds of that begin; -1 for none.</param>
    /// <param name="Follow">The bytes that may come behind it.</param>
    private readonly record struct Key(int Node, bool HasFrame, int Again, ByteSet Follow);
}
