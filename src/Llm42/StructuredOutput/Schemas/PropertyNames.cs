using System.Text;
using Llm42.StructuredOutput.Grammars;

namespace Llm42.StructuredOutput.Schemas;

/// <summary>The names that properties beside the declared ones may have.</summary>
internal static class PropertyNames
{
    private const int MaxLength = 256;

    /// <summary>A quoted name that is none of the declared ones, and has no escapes if there are any of those.</summary>
    public static int Others(GrammarBuilder builder, IEnumerable<string> declared, int next, string path)
    {
        var root = new Node();
        var isAny = true;
        foreach (var name in declared)
        {
            isAny = false;
            if (name.Length > MaxLength)
                throw SchemaReader.Error(path, $"beside additionalProperties a name must have at most {MaxLength} characters; one has {name.Length}.");
            var node = root;
            foreach (var rune in name.EnumerateRunes())
            {
                if (!node.Children.TryGetValue(rune.Value, out var child))
                    node.Children.Add(rune.Value, child = new Node());
                node = child;
            }
            node.IsName = true;
        }
        if (isAny)
            return JsonGrammar.String(builder, 0, -1, next);
        var end = builder.Literal("\"", next);
        var rest = JsonGrammar.PlainRest(builder, next);
        return builder.Literal("\"", Build(builder, root, end, rest));
    }

    private static int Build(GrammarBuilder builder, Node node, int end, int rest)
    {
        var targets = new List<int>();
        if (!node.IsName)
            targets.Add(end);
        foreach (var (character, child) in node.Children)
        {
            // Names with characters that need escapes cannot come about here.
            if (JsonGrammar.PlainCharacters.Any(range => character >= range.First && character <= range.Last))
                targets.Add(builder.Literal(new Rune(character).ToString(), Build(builder, child, end, rest)));
        }
        targets.Add(builder.CodePoints(Without(node.Children.Keys), rest));
        return builder.Split(targets);
    }

    private static List<(int First, int Last)> Without(IEnumerable<int> characters)
    {
        var ranges = new List<(int First, int Last)>(JsonGrammar.PlainCharacters);
        foreach (var character in characters)
        {
            ranges = [.. ranges.SelectMany(range => character < range.First || character > range.Last
                ? (IEnumerable<(int First, int Last)>)[range]
                : new[] { (range.First, character - 1), (character + 1, range.Last) }.Where(part => part.Item1 <= part.Item2))];
        }
        return ranges;
    }

    private sealed class Node
    {
        public SortedDictionary<int, Node> Children { get; } = [];

        public bool IsName { get; set; }
    }
}
