namespace Llm42.Cli.Options;

/// <summary>Guesses which word somebody meant.</summary>
internal static class Nearest
{
    /// <summary>The most similar of some words, or null where none is similar.</summary>
    public static string? To(string word, IEnumerable<string> known)
    {
        (int distance, string? nearest) = known
            .Select(candidate => (Distance(word, candidate), (string?)candidate))
            .OrderBy(pair => pair.Item1)
            .FirstOrDefault((int.MaxValue, null));
        return distance <= Math.Max(1, word.Length / 3) ? nearest : null;
    }

    /// <summary>Insertions, deletions and replacements that make one word of another (Levenshtein).</summary>
    private static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
