using System.Text;

namespace Llm42.Tokenization.Unicode;

/// <summary>The four Unicode normalization forms (UAX #15).</summary>
internal static class UnicodeNormalization
{
    private const int HangulBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TrailCount = 28;
    private const int HangulCount = LeadCount * VowelCount * TrailCount;

    /// <summary>Normalizes text without lone surrogates.</summary>
    public static string Normalize(string text, bool compatibility, bool compose)
    {
        // Below these code points every character is its own normal form and combines with nothing before it.
        char firstAffected = compose && !compatibility ? '\u0300' : '\u00A0';
        if (text.AsSpan().IndexOfAnyInRange(firstAffected, '\uFFFF') < 0)
        {
            return text;
        }

        List<CodePoint> decomposed = Decompose(text, compatibility);
        Reorder(decomposed);
        if (compose)
        {
            Compose(decomposed);
        }

        var result = new StringBuilder(decomposed.Count + 16);
        foreach (CodePoint codePoint in decomposed)
        {
            result.Append(new Rune(codePoint.Value));
        }

        return result.ToString();
    }

    private static List<CodePoint> Decompose(string text, bool compatibility)
    {
        NormalizationTable table = NormalizationTable.Instance;
        var result = new List<CodePoint>(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
        {
            int value = rune.Value;
            int hangul = value - HangulBase;
            if (value < 0xA0 || value is >= 0x3400 and < 0xA000)
            {
                result.Add(new CodePoint(value, 0));
            }
            else if ((uint)hangul < HangulCount)
            {
                result.Add(new CodePoint(LeadBase + hangul / (VowelCount * TrailCount), 0));
                result.Add(new CodePoint(VowelBase + hangul % (VowelCount * TrailCount) / TrailCount, 0));
                if (hangul % TrailCount != 0)
                {
                    result.Add(new CodePoint(TrailBase + hangul % TrailCount, 0));
                }
            }
            else if (table.Decomposition(value, compatibility) is { } parts)
            {
                foreach (int part in parts)
                {
                    result.Add(new CodePoint(part, table.CombiningClass(part)));
                }
            }
            else
            {
                result.Add(new CodePoint(value, table.CombiningClass(value)));
            }
        }

        return result;
    }

    /// <summary>Sorts each run of combining marks by class, keeping the order within a class.</summary>
    private static void Reorder(List<CodePoint> text)
    {
        int start = 0;
        while (start < text.Count)
        {
            if (text[start].CombiningClass == 0)
            {
                start++;
                continue;
            }

            int end = start + 1;
            bool isSorted = true;
            while (end < text.Count && text[end].CombiningClass != 0)
            {
                isSorted &= text[end - 1].CombiningClass <= text[end].CombiningClass;
                end++;
            }

            if (!isSorted)
            {
                CodePoint[] run = [.. text.GetRange(start, end - start).OrderBy(mark => mark.CombiningClass)];
                for (int i = 0; i < run.Length; i++)
                {
                    text[start + i] = run[i];
                }
            }

            start = end;
        }
    }

    private static void Compose(List<CodePoint> text)
    {
        int starter = -1;
        int lastClass = -1;
        int written = 0;
        for (int i = 0; i < text.Count; i++)
        {
            CodePoint current = text[i];
            bool isBlocked = lastClass != -1 && lastClass >= current.CombiningClass;
            if (starter >= 0 && !isBlocked && TryCompose(text[starter].Value, current.Value, out int composite))
            {
                text[starter] = new CodePoint(composite, 0);
                continue;
            }

            if (current.CombiningClass == 0)
            {
                starter = written;
                lastClass = -1;
            }
            else
            {
                lastClass = current.CombiningClass;
            }

            text[written++] = current;
        }

        text.RemoveRange(written, text.Count - written);
    }

    private static bool TryCompose(int first, int second, out int composite)
    {
        int lead = first - LeadBase;
        int vowel = second - VowelBase;
        if ((uint)lead < LeadCount && (uint)vowel < VowelCount)
        {
            composite = HangulBase + (lead * VowelCount + vowel) * TrailCount;
            return true;
        }

        int hangul = first - HangulBase;
        int trail = second - TrailBase;
        if ((uint)hangul < HangulCount && hangul % TrailCount == 0 && trail is > 0 and < TrailCount)
        {
            composite = first + trail;
            return true;
        }

        return NormalizationTable.Instance.TryCompose(first, second, out composite);
    }

    private readonly record struct CodePoint(int Value, byte CombiningClass);
}
