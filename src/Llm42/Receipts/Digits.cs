namespace Llm42.Receipts;

/// <summary>Digests, and what else a receipt holds, as people read them in a message.</summary>
internal static class Digits
{
    private const int Shown = 12;
    private const int LongestText = 200;

    /// <summary>A text from a receipt, cut short and without what would command a terminal.</summary>
    public static string Printable(string? text)
    {
        if (text is null)
            return "null";
        var cut = text.Length <= LongestText ? text : string.Concat(text.AsSpan(0, LongestText), "...");
        return string.Concat(cut.Select(character => char.IsControl(character) ? ' ' : character));
    }

    /// <summary>"0123456789ab..."; "none" for null.</summary>
    public static string Shorten(string? digest) => digest switch
    {
        null => "none",
        { Length: <= Shown + 3 } => Printable(digest),
        _ => Printable(digest[..Shown]) + "...",
    };
}
