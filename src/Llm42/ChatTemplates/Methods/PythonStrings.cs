using System.Text;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Formatting;

namespace Llm42.ChatTemplates.Methods;

/// <summary>What the methods of Python's strings do, on texts.</summary>
internal static class PythonStrings
{
    /// <summary>Takes characters off the ends; white space where none are given.</summary>
    public static string Strip(string text, string? characters, bool atStart, bool atEnd)
    {
        if (characters is not null && characters.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') >= 0)
            return StripRunes(text, characters, atStart, atEnd);
        int start = 0;
        int end = text.Length;
        while (atStart && start < end && IsStripped(text[start], characters))
            start++;
        while (atEnd && end > start && IsStripped(text[end - 1], characters))
            end--;
        return text[start..end];
    }

    public static List<string> Split(string text, string separator, int most, bool fromRight)
    {
        var parts = new List<string>();
        if (fromRight)
        {
            int end = text.Length;
            for (int at; parts.Count < most && end >= separator.Length && (at = text.AsSpan(0, end).LastIndexOf(separator)) >= 0; end = at)
                parts.Add(text[(at + separator.Length)..end]);
            parts.Add(text[..end]);
            parts.Reverse();
            return parts;
        }

        int start = 0;
        for (int at; parts.Count < most && (at = text.IndexOf(separator, start, StringComparison.Ordinal)) >= 0; start = at + separator.Length)
            parts.Add(text[start..at]);
        parts.Add(text[start..]);
        return parts;
    }

    /// <summary>Cuts at runs of white space; what is left over keeps its inner ones.</summary>
    public static List<string> SplitSpace(string text, int most, bool fromRight)
    {
        var parts = new List<string>();
        if (fromRight)
        {
            int end = text.Length;
            while (true)
            {
                while (end > 0 && PythonCharacters.IsSpace(text[end - 1]))
                    end--;
                if (end == 0)
                    break;
                int start = end;
                while (start > 0 && (parts.Count == most || !PythonCharacters.IsSpace(text[start - 1])))
                    start--;
                parts.Add(text[start..end]);
                end = start;
            }

            parts.Reverse();
            return parts;
        }

        int begin = 0;
        while (true)
        {
            while (begin < text.Length && PythonCharacters.IsSpace(text[begin]))
                begin++;
            if (begin == text.Length)
                return parts;
            int stop = begin;
            while (stop < text.Length && (parts.Count == most || !PythonCharacters.IsSpace(text[stop])))
                stop++;
            parts.Add(text[begin..stop]);
            begin = stop;
        }
    }

    public static List<string> SplitLines(string text, bool keepEnds)
    {
        var lines = new List<string>();
        for (int start = 0; start < text.Length;)
        {
            int end = start;
            while (end < text.Length && !PythonCharacters.IsLineEnd(text[end]))
                end++;
            int next = end == text.Length ? end : text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }

        return lines;
    }

    /// <summary>Replaces the first occurrences; all of them where the count is negative.</summary>
    public static string Replace(string text, string old, string replacement, int count, Budget budget)
    {
        int occurrences = old.Length == 0 ? CodePoints.Count(text) + 1 : text.AsSpan().Count(old);
        if (count >= 0)
            occurrences = Math.Min(occurrences, count);
        budget.AllocateText(text.Length + (occurrences * (long)(replacement.Length - old.Length)));
        if (occurrences == 0)
            return text;
        var result = new StringBuilder();
        if (old.Length == 0)
        {
            foreach (string character in CodePoints.Enumerate(text))
            {
                if (occurrences-- > 0)
                    result.Append(replacement);
                result.Append(character);
            }

            return result.Append(occurrences > 0 ? replacement : "").ToString();
        }

        int start = 0;
        for (; occurrences > 0; occurrences--)
        {
            int at = text.IndexOf(old, start, StringComparison.Ordinal);
            result.Append(text, start, at - start).Append(replacement);
            start = at + old.Length;
        }

        return result.Append(text, start, text.Length - start).ToString();
    }

    public static string ExpandTabs(string text, int size, Budget budget)
    {
        budget.AllocateText(text.Length + (text.AsSpan().Count('\t') * (long)Math.Max(0, size)));
        var result = new StringBuilder();
        int column = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value == '\t')
            {
                int blanks = size > 0 ? size - (column % size) : 0;
                result.Append(' ', blanks);
                column += blanks;
            }
            else
            {
                result.Append(rune.ToString());
                column = rune.Value is '\n' or '\r' ? 0 : column + 1;
            }
        }

        return result.ToString();
    }

    /// <summary>islower() and isupper(): there are letters with case, and all of them have this one.</summary>
    public static bool HasCase(string text, bool isUpper)
    {
        bool hasCased = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!LetterCase.IsCased(rune.Value))
                continue;
            if (!(isUpper ? LetterCase.IsUpper(rune.Value) : LetterCase.IsLower(rune.Value)))
                return false;
            hasCased = true;
        }

        return hasCased;
    }

    public static bool IsTitle(string text)
    {
        bool isInWord = false;
        bool hasCased = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isLower = LetterCase.IsLower(rune.Value);
            bool isCased = LetterCase.IsCased(rune.Value);
            if (isCased && isLower != isInWord)
                return false;
            isInWord = isCased;
            hasCased |= isCased;
        }

        return hasCased;
    }

    private static bool IsStripped(char c, string? characters) =>
        characters is null ? PythonCharacters.IsSpace(c) : characters.Contains(c, StringComparison.Ordinal);

    private static string StripRunes(string text, string characters, bool atStart, bool atEnd)
    {
        var set = new HashSet<string>(CodePoints.Enumerate(characters));
        string[] all = [.. CodePoints.Enumerate(text)];
        int start = 0;
        int end = all.Length;
        while (atStart && start < end && set.Contains(all[start]))
            start++;
        while (atEnd && end > start && set.Contains(all[end - 1]))
            end--;
        return string.Concat(all[start..end]);
    }
}
