using System.Runtime.CompilerServices;
using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Regexes;

/// <summary>
/// Runs a compiled pattern by backtracking over an explicit stack. The loops are optimized from the first call: a
/// text is often encoded once, and would be done before they were.
/// </summary>
internal static class RegexMatcher
{
    private const int FrameSize = 3;

    /// <summary>The end of the match that starts at a place; -1 if there is none or if the steps ran out.</summary>
    public static int Run(RegexInstruction[] code, ReadOnlySpan<char> text, int start, MatchBudget budget)
    {
        budget.Top = 0;
        return Run(code, text, 0, start, budget);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Run(RegexInstruction[] code, ReadOnlySpan<char> text, int at, int position, MatchBudget budget)
    {
        int bottom = budget.Top;
        while (true)
        {
            if (--budget.Steps < 0)
            {
                return -1;
            }

            ref RegexInstruction instruction = ref code[at];
            bool matched = true;
            switch (instruction.Operation)
            {
                case RegexOperation.Match:
                    budget.Top = bottom;
                    return position;
                case RegexOperation.Set:
                    matched = TryConsume(instruction.CodePoints!, text, ref position);
                    at++;
                    break;
                case RegexOperation.Loop:
                case RegexOperation.AtomicLoop:
                    matched = RunLoop(ref instruction, text, at + 1, ref position, budget);
                    at++;
                    break;
                case RegexOperation.Split:
                    if (instruction.First.Allows(text, position))
                    {
                        Push(budget, instruction.Target, position, position);
                        at++;
                    }
                    else
                    {
                        at = instruction.Target;
                    }

                    break;
                case RegexOperation.SplitLazy:
                    Push(budget, at + 1, position, position);
                    at = instruction.Target;
                    break;
                case RegexOperation.Jump:
                    at = instruction.Target;
                    break;
                case RegexOperation.LookAhead:
                    matched = Run(code, text, at + 1, position, budget) >= 0;
                    at = instruction.Target;
                    break;
                case RegexOperation.NegativeLookAhead:
                    matched = Run(code, text, at + 1, position, budget) < 0 && budget.Steps >= 0;
                    at = instruction.Target;
                    break;
                case RegexOperation.Atomic:
                    int end = Run(code, text, at + 1, position, budget);
                    matched = end >= 0;
                    position = end;
                    at = instruction.Target;
                    break;
                case RegexOperation.Follows:
                    matched = FollowsOneOf(instruction.CodePoints!, text, position);
                    at++;
                    break;
                case RegexOperation.NotFollows:
                    matched = !FollowsOneOf(instruction.CodePoints!, text, position);
                    at++;
                    break;
                case RegexOperation.LookBehind:
                    matched = MatchesBehind(code, text, at, position, budget);
                    at = instruction.Target;
                    break;
                case RegexOperation.NegativeLookBehind:
                    matched = !MatchesBehind(code, text, at, position, budget) && budget.Steps >= 0;
                    at = instruction.Target;
                    break;
                case RegexOperation.Anchor:
                    matched = IsAt(instruction.Anchor, text, position);
                    at++;
                    break;
            }

            if (!matched && !TryBacktrack(budget, bottom, text, out at, out position))
            {
                return -1;
            }
        }
    }

    private static bool MatchesBehind(RegexInstruction[] code, ReadOnlySpan<char> text, int at, int position, MatchBudget budget)
    {
        // The body has one width, so a match from there ends here.
        int start = position;
        for (int width = code[at].Minimum; width > 0; width--)
        {
            if (start == 0)
            {
                return false;
            }

            WellFormed.CodePointBefore(text, start, out int length);
            start -= length;
        }

        return Run(code, text, at + 1, start, budget) >= 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool RunLoop(ref RegexInstruction loop, ReadOnlySpan<char> text, int next, ref int position, MatchBudget budget)
    {
        CodePointSet codePoints = loop.CodePoints!;
        int count = 0;
        int keep = position;
        int start = position;
        while (count < loop.Maximum && TryConsume(codePoints, text, ref position))
        {
            count++;
            if (count == loop.Minimum)
            {
                keep = position;
            }
        }

        budget.Steps -= position - start;
        if (count < loop.Minimum)
        {
            return false;
        }

        if (loop.Operation == RegexOperation.Loop && position > keep)
        {
            Push(budget, next, position, keep);
        }

        return true;
    }

    private static bool TryConsume(CodePointSet codePoints, ReadOnlySpan<char> text, ref int position)
    {
        if ((uint)position >= (uint)text.Length)
        {
            return false;
        }

        int codePoint = WellFormed.CodePointAt(text, position, out int length);
        if (!codePoints.Contains(codePoint))
        {
            return false;
        }

        position += length;
        return true;
    }

    private static bool FollowsOneOf(CodePointSet codePoints, ReadOnlySpan<char> text, int position) =>
        position > 0 && codePoints.Contains(WellFormed.CodePointBefore(text, position, out _));

    private static bool IsAt(AnchorKind anchor, ReadOnlySpan<char> text, int position) => anchor switch
    {
        AnchorKind.TextStart => position == 0,
        AnchorKind.TextEnd => position == text.Length,
        AnchorKind.TextEndOrFinalNewline => position == text.Length || (position == text.Length - 1 && text[position] == '\n'),
        AnchorKind.LineStart => position == 0 || (position < text.Length && text[position - 1] == '\n'),
        AnchorKind.LineEnd => position == text.Length || text[position] == '\n',
        AnchorKind.WordBoundary => IsWordBoundary(text, position),
        _ => !IsWordBoundary(text, position),
    };

    private static bool IsWordBoundary(ReadOnlySpan<char> text, int position)
    {
        int next = position;
        return FollowsOneOf(CodePointSet.RegexWord, text, position) != TryConsume(CodePointSet.RegexWord, text, ref next);
    }

    private static void Push(MatchBudget budget, int at, int position, int keep)
    {
        if (budget.Top + FrameSize > budget.Stack.Length)
        {
            budget.Grow();
        }

        Span<int> frame = budget.Stack.AsSpan(budget.Top, FrameSize);
        frame[0] = at;
        frame[1] = position;
        frame[2] = keep;
        budget.Top += FrameSize;
    }

    /// <summary>Resumes the last choice. A frame of a loop (keep before position) gives back one code point and stays.</summary>
    private static bool TryBacktrack(MatchBudget budget, int bottom, ReadOnlySpan<char> text, out int at, out int position)
    {
        (at, position) = (0, 0);
        if (budget.Top <= bottom)
        {
            return false;
        }

        int[] stack = budget.Stack;
        int frame = budget.Top - FrameSize;
        at = stack[frame];
        position = stack[frame + 1];
        int keep = stack[frame + 2];
        if (keep < position)
        {
            WellFormed.CodePointBefore(text, position, out int length);
            position -= length;
            stack[frame + 1] = position;
            if (position > keep)
            {
                return true;
            }
        }

        budget.Top = frame;
        return true;
    }
}
