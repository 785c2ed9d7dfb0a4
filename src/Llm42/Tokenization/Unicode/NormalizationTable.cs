using System.Globalization;

namespace Llm42.Tokenization.Unicode;

/// <summary>
/// Combining classes, decompositions and compositions of the Unicode Character Database, as of Unicode 9.0: what the
/// Rust library has. Carried here because string.Normalize is the identity under InvariantGlobalization and otherwise
/// depends on the ICU of the machine: the same prompt must give the same ids everywhere.
/// </summary>
internal sealed class NormalizationTable
{
    private const string ResourceName = "Llm42.Tokenization.Unicode.normalization.txt";

    private static readonly Lazy<NormalizationTable> Shared = new(Load);

    private readonly Dictionary<int, byte> _combiningClasses = [];
    private readonly Dictionary<int, int[]> _canonical = [];
    private readonly Dictionary<int, int[]> _compatibility = [];
    private readonly Dictionary<long, int> _compositions = [];
    private readonly HashSet<int> _composites = [];

    public static NormalizationTable Instance => Shared.Value;

    public byte CombiningClass(int codePoint) =>
        codePoint < 0x300 ? (byte)0 : _combiningClasses.GetValueOrDefault(codePoint);

    /// <summary>The full decomposition, or null when the character stands for itself.</summary>
    public int[]? Decomposition(int codePoint, bool compatibility) =>
        (compatibility ? _compatibility : _canonical).GetValueOrDefault(codePoint);

    /// <summary>The primary composite of two characters.</summary>
    public bool TryCompose(int first, int second, out int composite) =>
        _compositions.TryGetValue(Pair(first, second), out composite);

    /// <summary>Adds the characters that a form changes, moves or joins to the character before.</summary>
    public void AddActive(CodePointBits active, bool compatibility, bool compose)
    {
        foreach (int codePoint in _combiningClasses.Keys)
        {
            active.Add(codePoint);
        }

        Dictionary<int, int[]> decompositions = compatibility ? _compatibility : _canonical;
        foreach ((int codePoint, int[] parts) in decompositions)
        {
            // Composing takes a canonical decomposition back, unless it is excluded from composition.
            if (!compose || !_canonical.TryGetValue(codePoint, out int[]? canonical) || !canonical.SequenceEqual(parts)
                || !_composites.Contains(codePoint))
            {
                active.Add(codePoint);
            }
        }

        if (compose)
        {
            foreach (long pair in _compositions.Keys)
            {
                active.Add((int)pair);
            }
        }
    }

    private static long Pair(int first, int second) => ((long)first << 32) | (uint)second;

    private static NormalizationTable Load()
    {
        using Stream stream = typeof(NormalizationTable).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {ResourceName}.");
        using var reader = new StreamReader(stream);

        var table = new NormalizationTable();
        var canonical = new Dictionary<int, int[]>();
        var either = new Dictionary<int, int[]>();
        var composable = new List<int>();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
            {
                continue;
            }

            string[] fields = line.Split(';');
            int codePoint = ParseHex(fields[0]);
            byte combiningClass = byte.Parse(fields[1], CultureInfo.InvariantCulture);
            if (combiningClass != 0)
            {
                table._combiningClasses.Add(codePoint, combiningClass);
            }

            if (fields[2].Length == 0)
            {
                continue;
            }

            int[] mapping = Array.ConvertAll(fields[2][2..].Split(' '), ParseHex);
            either.Add(codePoint, mapping);
            if (fields[2][0] == '~')
            {
                continue;
            }

            canonical.Add(codePoint, mapping);
            if (fields[2][0] == '=' && mapping.Length == 2)
            {
                composable.Add(codePoint);
            }
        }

        foreach (int codePoint in canonical.Keys)
        {
            table._canonical.Add(codePoint, Expand(codePoint, canonical));
        }

        foreach (int codePoint in either.Keys)
        {
            table._compatibility.Add(codePoint, Expand(codePoint, either));
        }

        foreach (int codePoint in composable)
        {
            // A decomposition that starts with a non-starter never composes back.
            int[] mapping = canonical[codePoint];
            if (table.CombiningClass(codePoint) == 0 && table.CombiningClass(mapping[0]) == 0)
            {
                table._compositions.Add(Pair(mapping[0], mapping[1]), codePoint);
                table._composites.Add(codePoint);
            }
        }

        return table;
    }

    private static int[] Expand(int codePoint, Dictionary<int, int[]> mappings) =>
        mappings.TryGetValue(codePoint, out int[]? mapping)
            ? [.. mapping.SelectMany(part => Expand(part, mappings))]
            : [codePoint];

    private static int ParseHex(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
