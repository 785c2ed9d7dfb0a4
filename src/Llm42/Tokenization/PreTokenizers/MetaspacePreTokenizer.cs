using Llm42.Tokenization.Regexes;

namespace Llm42.Tokenization.PreTokenizers;

/// <summary>When <see cref="MetaspacePreTokenizer"/> puts its character before a piece.</summary>
internal enum PrependScheme
{
    /// <summary>Never.</summary>
    Never,

    /// <summary>Only where the text begins.</summary>
    First,

    /// <summary>Before every piece.</summary>
    Always,
}

/// <summary>Metaspace: writes spaces as a visible character and cuts before each.</summary>
internal sealed class MetaspacePreTokenizer(char replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    private readonly LiteralTextPattern _pattern = new(replacement.ToString());

    public override void Split(ReadOnlySpan<char> piece, bool isAtOrigin, PieceList output)
    {
        bool prepends = piece[0] != ' ' && piece[0] != replacement
            && (scheme == PrependScheme.Always || (scheme == PrependScheme.First && isAtOrigin));
        string text = string.Concat(prepends ? replacement.ToString() : "", piece).Replace(' ', replacement);
        if (!split)
        {
            output.Add(text, isAtOrigin);
            return;
        }

        var cutter = new PieceCutter(text, isAtOrigin, SplitBehavior.MergedWithNext, invert: false, output);
        TextPattern.Matches matches = _pattern.Enumerate(text);
        while (matches.TryNext(out int start, out int end))
        {
            cutter.Delimiter(start, end);
        }

        cutter.Finish();
    }
}
