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

    private static readonly Lazy<CodePointBits>[] Active = [.. Enumerable.Range(0, 4).Select(form => new Lazy<CodePointBits>(() => FindActive(form)))];

    /// <summary>Normalizes text without lone surrogates.</summary>
    public static string Normalize(string text, bool compatibility, bool compose)
    {
        // Below these code points every character is its own normal form and combines with nothing before it.
        char firstAffected = compose && !compatibility ? '\u0300' : '\u00A0';
        int next = text.AsSpan().IndexOfAnyInRange(firstAffected, '\uFFFF');
        if (next < 0)
        {
            return text;
        }

        // What lies between two inert characters has its normal form by itself; most texts are inert throughout.
        CodePointBits active = Active[(compatibility ? 1 : 0) + (compose ? 2 : 0)].Value;
        StringBuilder? result = null;
        int copied = 0;
        while ((next = NextActive(text, next, firstAffected, active)) < text.Length)
        {
            int start = next;
            if (start > copied)
            {
                WellFormed.CodePointBefore(text, start, out int length);
                start -= length;
            }

            next = NextInert(text, next, active);
            result ??= new StringBuilder(text.Length + 16);
            result.Append(text, copied, start - copied);
            AppendNormalized(text.AsSpan(start, next - start), compatibility, compose, result);
            copied = next;
        }

        return result is null ? text : result.Append(text, copied, text.Length - copied).ToString();
    }

    private static int NextActive(string text, int from, char firstAffected, CodePointBits active)
    {
        int position = from;
        while (position < text.Length)
        {
            if (text[position] < firstAffected)
            {
                int offset = text.AsSpan(position).IndexOfAnyInRange(firstAffected, '\uFFFF');
                if (offset < 0)
                {
                    break;
                }

                position += offset;
            }

            if (active.Contains(WellFormed.CodePointAt(text, position, out int length)))
            {
                return position;
            }

            position += length;
        }

        return text.Length;
    }

    private static int NextInert(string text, int from, CodePointBits active)
    {
        int position = from;
        while (position < text.Length && active.Contains(WellFormed.CodePointAt(text, position, out int length)))
        {
            position += length;
        }

        return position;
    }

    private static CodePointBits FindActive(int form)
    {
        bool compose = (form & 2) != 0;
        var active = new CodePointBits();
        NormalizationTable.Instance.AddActive(active, (form & 1) != 0, compose);
        if (compose)
        {
            active.Add(VowelBase, VowelBase + VowelCount - 1);
            active.Add(TrailBase + 1, TrailBase + TrailCount - 1);
        }
        else
        {
            active.Add(HangulBase, HangulBase + HangulCount - 1);
        }

        return active;
    }

    /// <summary>Appends the form of a text that depends on nothing around it.</summary>
    internal static void AppendNormalized(ReadOnlySpan<char> text, bool compatibility, bool compose, StringBuilder result)
    {
        List<CodePoint> decomposed = Decompose(text, compatibility);
        Reorder(decomposed);
        if (compose)
        {
            Compose(decomposed);
        }

        foreach (CodePoint codePoint in decomposed)
        {
            result.Append(new Rune(codePoint.Value));
        }
    }

    private static List<CodePoint> Decompose(ReadOnlySpan<char> text, bool compatibility)
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
