using System.Text;

namespace Llm42.Tokenization.Unicode;

/// <summary>Simple case folding, for case-insensitive groups of a pattern.</summary>
internal static class CaseFolding
{
    // No cased letter lies above; scanning stops there.
    private const int LastCased = 0x1E943;

    private static readonly Lazy<Dictionary<int, List<int>>> Classes = new(MakeClasses);

    /// <summary>All code points that fold to the same character, the given one among them.</summary>
    public static IReadOnlyList<int> Variants(int codePoint) =>
        Classes.Value.TryGetValue(Fold(codePoint), out List<int>? variants) ? variants : [codePoint];

    private static int Fold(int codePoint) => Rune.IsValid(codePoint)
        ? Rune.ToLowerInvariant(Rune.ToUpperInvariant(new Rune(codePoint))).Value
        : codePoint;

    private static Dictionary<int, List<int>> MakeClasses()
    {
        var classes = new Dictionary<int, List<int>>();
        for (int codePoint = 0; codePoint <= LastCased; codePoint++)
        {
            int folded = Fold(codePoint);
            if (folded == codePoint)
            {
                continue;
            }

            if (!classes.TryGetValue(folded, out List<int>? variants))
            {
                classes.Add(folded, variants = [folded]);
            }

            variants.Add(codePoint);
        }

        return classes;
    }
}
