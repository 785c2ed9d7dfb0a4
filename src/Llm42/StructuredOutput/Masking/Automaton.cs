using System.Runtime.CompilerServices;
using Llm42.StructuredOutput.Grammars;

namespace Llm42.StructuredOutput.Masking;

/// <summary>
/// Runs a grammar over bytes. States and what leads from one to the next are made when they are needed and remembered
/// within bounds; forgetting costs time and changes nothing. Not for two threads at once.
/// </summary>
internal sealed class Automaton
{
    private const int MaxStates = 8192;
    private const int MaxPlaces = 200_000;

    /// <summary>
    /// Most places that are looked at behind one byte. Only a grammar that can read the same text in very many ways gets
    /// there; what is dropped then makes its language smaller, never larger.
    /// </summary>
    private const int MaxVisits = 20_000;

    private readonly Grammar _grammar;
    private readonly byte[] _classes;
    private readonly Dictionary<ParseState, ParseState> _states = [];
    private readonly List<(int Node, Frame? Frame)> _work = [];
    private readonly HashSet<(int Node, Frame? Frame)> _visited = [];
    private readonly List<(int Node, Frame? Frame)> _places = [];
    private readonly List<int> _exits = [];
    private int _placeCount;
    private int _generation;

    public Automaton(Grammar grammar)
    {
        _grammar = grammar;
        _classes = grammar.Classes;
        _work.Add((grammar.Start, null));
        Start = Close();
    }

    /// <summary>The state before the first byte.</summary>
    public ParseState Start { get; }

    /// <summary>Something was dropped behind some byte: a state may allow less than each of its places alone.</summary>
    public bool IsCut { get; private set; }

    /// <summary>The most rules inside each other that any state so far counted on, the way to its end included.</summary>
    public int DepthNeeded { get; private set; }

    /// <summary>The states that are remembered.</summary>
    public int StateCount => _states.Count;

    /// <summary>The state behind a byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ParseState Step(ParseState state, byte value) =>
        state.Generation == _generation && state.Next is { } next && next[_classes[value]] is { } known ? known : Find(state, value);

    private ParseState Find(ParseState state, byte value)
    {
        Refresh(state);
        var next = state.Next ??= new ParseState?[_grammar.ClassCount];
        return next[_classes[value]] ??= Follow(state, value);
    }

    /// <summary>The state of one node and all that can be reached from it without taking a byte.</summary>
    public ParseState At(int node, Frame? frame)
    {
        _work.Add((node, frame));
        return Close();
    }

    /// <summary>
    /// A state that allows the same texts up to a length: counts that cannot reach a limit within it are all alike.
    /// </summary>
    public ParseState Representative(ParseState state, int length)
    {
        Refresh(state);
        return state.Representative ??= Intern(
            [.. state.Places.Select(place => (place.Node, Blur(place.Frame, length)))], state.IsAccepting, state.Exits);
    }

    /// <summary>Forgets all states but those that are held elsewhere.</summary>
    public void Flush()
    {
        _states.Clear();
        _placeCount = 0;
        _generation++;
    }

    private void Refresh(ParseState state)
    {
        if (state.Generation == _generation)
            return;
        state.Generation = _generation;
        state.Next = null;
        state.Representative = null;
        state.Mask = null;
    }

    private ParseState Follow(ParseState state, byte value)
    {
        // In reverse, since the last of the work is done first: places keep the order of those they come from.
        for (var i = state.Places.Length - 1; i >= 0; i--)
        {
            var (place, frame) = state.Places[i];
            var node = _grammar.Nodes[place];
            if (node.Bytes.Contains(value))
                _work.Add((node.Next, frame));
        }
        return Close();
    }

    /// <summary>The state of all that can be reached from the work without taking a byte.</summary>
    private ParseState Close()
    {
        var isAccepting = false;
        while (_work.Count > 0 && _visited.Count < MaxVisits)
        {
            var (index, frame) = _work[^1];
            _work.RemoveAt(_work.Count - 1);
            var depth = _grammar.DepthAt(index, frame?.Depth ?? 0);
            if (depth < Grammar.Never)
                DepthNeeded = Math.Max(DepthNeeded, depth);
            if (depth > Grammar.MaxDepth || !_visited.Add((index, frame)))
                continue;
            var node = _grammar.Nodes[index];
            switch (node.Kind)
            {
                case NodeKind.Take:
                    _places.Add((index, frame));
                    break;
                case NodeKind.Split:
                    for (var i = node.Targets.Length - 1; i >= 0; i--)
                        _work.Add((node.Targets[i], frame));
                    break;
                case NodeKind.Call:
                    _work.Add((node.First, new Frame(index, 0, isCall: true, frame)));
                    break;
                case NodeKind.Repeat:
                    if (node.Minimum == 0)
                        _work.Add((node.Next, frame));
                    _work.Add((node.First, new Frame(index, 0, isCall: false, frame)));
                    break;
                case NodeKind.Accept:
                    isAccepting = true;
                    break;
                default:
                    Return(frame!);
                    break;
            }
        }
        IsCut |= _work.Count > 0;
        var state = Intern([.. _places], isAccepting, [.. _exits]);
        _work.Clear();
        _visited.Clear();
        _places.Clear();
        _exits.Clear();
        return state;
    }

    private void Return(Frame frame)
    {
        if (frame.IsOpen)
        {
            var rounds = frame.Count + 1;
            if (!_exits.Contains(rounds))
                _exits.Add(rounds);
            if (frame.Again >= 0)
                _work.Add((frame.Again, Frame.Open(frame.Again, rounds)));
            return;
        }
        var node = _grammar.Nodes[frame.Node];
        if (node.Kind == NodeKind.Call)
        {
            _work.Add((node.Next, frame.Parent));
            return;
        }
        var done = frame.Count + 1;
        if (node.Maximum < 0)
            done = Math.Min(done, node.Minimum);
        if (done >= node.Minimum)
            _work.Add((node.Next, frame.Parent));
        if (node.Maximum < 0 || done < node.Maximum)
            _work.Add((node.Again, new Frame(frame.Node, done, isCall: false, frame.Parent)));
    }

    private Frame? Blur(Frame? frame, int length)
    {
        if (frame is null)
            return null;
        var node = _grammar.Nodes[frame.Node];
        var parent = Blur(frame.Parent, length);
        var count = frame.Count;
        if (node.Kind == NodeKind.Repeat)
        {
            if (count + length < node.Minimum)
                count = 0;
            else if (count >= node.Minimum && (node.Maximum < 0 || count + length < node.Maximum))
                count = node.Minimum;
        }
        return count == frame.Count && ReferenceEquals(parent, frame.Parent)
            ? frame
            : new Frame(frame.Node, count, node.Kind == NodeKind.Call, parent);
    }

    private ParseState Intern((int Node, Frame? Frame)[] places, bool isAccepting, int[] exits)
    {
        var state = new ParseState(places, isAccepting, exits);
        if (_states.TryGetValue(state, out var known))
            return known;
        if (_states.Count >= MaxStates || _placeCount + places.Length > MaxPlaces)
            Flush();
        state.Generation = _generation;
        _states.Add(state, state);
        _placeCount += places.Length;
        return state;
    }
}
