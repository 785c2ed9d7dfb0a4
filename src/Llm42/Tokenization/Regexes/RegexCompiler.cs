using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Regexes;

/// <summary>Turns a syntax tree into instructions for <see cref="RegexMatcher"/>.</summary>
internal sealed class RegexCompiler
{
    private const int MaximumInstructions = 20_000;

    private readonly string _pattern;
    private readonly List<RegexInstruction> _code = [];

    private RegexCompiler(string pattern) => _pattern = pattern;

    public static RegexInstruction[] Compile(string pattern, RegexNode tree)
    {
        var compiler = new RegexCompiler(pattern);
        compiler.Emit(tree);
        compiler.Append(new RegexInstruction { Operation = RegexOperation.Match });
        return [.. compiler._code];
    }

    private void Emit(RegexNode node)
    {
        switch (node)
        {
            case RegexNode.Set set:
                Append(new RegexInstruction { Operation = RegexOperation.Set, CodePoints = set.CodePoints });
                break;
            case RegexNode.Sequence sequence:
                foreach (RegexNode part in sequence.Parts)
                {
                    Emit(part);
                }

                break;
            case RegexNode.Alternation alternation:
                EmitAlternation(alternation.Branches);
                break;
            case RegexNode.Repeat repeat:
                EmitRepeat(repeat);
                break;
            case RegexNode.Atomic { Body: RegexNode.Repeat { Body: RegexNode.Set set, IsLazy: false } repeat }:
                AppendLoop(RegexOperation.AtomicLoop, set.CodePoints, repeat);
                break;
            case RegexNode.Atomic atomic:
                EmitBody(RegexOperation.Atomic, atomic.Body);
                break;
            case RegexNode.LookAhead look:
                EmitBody(look.IsNegated ? RegexOperation.NegativeLookAhead : RegexOperation.LookAhead, look.Body);
                break;
            case RegexNode.LookBehind { Body: RegexNode.Set set } look:
                Append(new RegexInstruction
                {
                    Operation = look.IsNegated ? RegexOperation.NotFollows : RegexOperation.Follows,
                    CodePoints = set.CodePoints,
                });
                break;
            case RegexNode.LookBehind look:
                EmitBody(look.IsNegated ? RegexOperation.NegativeLookBehind : RegexOperation.LookBehind, look.Body, look.Body.MinimumWidth);
                break;
            case RegexNode.Anchor anchor:
                Append(new RegexInstruction { Operation = RegexOperation.Anchor, Anchor = anchor.Kind });
                break;
        }
    }

    private void EmitAlternation(IReadOnlyList<RegexNode> branches)
    {
        var exits = new List<int>();
        for (int i = 0; i < branches.Count - 1; i++)
        {
            int split = Append(new RegexInstruction { Operation = RegexOperation.Split, First = FirstCharacters.Of(branches[i]) });
            Emit(branches[i]);
            exits.Add(Append(new RegexInstruction { Operation = RegexOperation.Jump }));
            SetTarget(split);
        }

        Emit(branches[^1]);
        exits.ForEach(SetTarget);
    }

    private void EmitRepeat(RegexNode.Repeat repeat)
    {
        if (repeat.Body is RegexNode.Set set && !repeat.IsLazy)
        {
            AppendLoop(RegexOperation.Loop, set.CodePoints, repeat);
            return;
        }

        for (int i = 0; i < repeat.Minimum; i++)
        {
            Emit(repeat.Body);
        }

        if (repeat.Maximum == int.MaxValue)
        {
            int split = AppendSplit(repeat.IsLazy);
            Emit(repeat.Body);
            Append(new RegexInstruction { Operation = RegexOperation.Jump, Target = split });
            SetTarget(split);
            return;
        }

        var splits = new List<int>();
        for (int i = repeat.Minimum; i < repeat.Maximum; i++)
        {
            splits.Add(AppendSplit(repeat.IsLazy));
            Emit(repeat.Body);
        }

        splits.ForEach(SetTarget);
    }

    // A lazy split goes on at its target (behind the repeat) and falls back to the next instruction (the body).
    private int AppendSplit(bool isLazy) => Append(new RegexInstruction
    {
        Operation = isLazy ? RegexOperation.SplitLazy : RegexOperation.Split,
        First = FirstCharacters.Any,
    });

    private void EmitBody(RegexOperation operation, RegexNode body, int width = 0)
    {
        int start = Append(new RegexInstruction { Operation = operation, Minimum = width });
        Emit(body);
        Append(new RegexInstruction { Operation = RegexOperation.Match });
        SetTarget(start);
    }

    private void AppendLoop(RegexOperation operation, CodePointSet codePoints, RegexNode.Repeat repeat) => Append(new RegexInstruction
    {
        Operation = operation,
        CodePoints = codePoints,
        Minimum = repeat.Minimum,
        Maximum = repeat.Maximum,
    });

    private void SetTarget(int index) => _code[index] = _code[index] with { Target = _code.Count };

    private int Append(RegexInstruction instruction)
    {
        if (_code.Count >= MaximumInstructions)
        {
            throw new RegexSyntaxException(_pattern, 0, $"it needs more than {MaximumInstructions} instructions; its repeats multiply");
        }

        _code.Add(instruction);
        return _code.Count - 1;
    }
}
