using System.Text.Json;
using Llm42.Tokenization.AddedTokens;
using Llm42.Tokenization.Json;

namespace Llm42.Tokenization;

/// <summary>Every token with its id: those of the model and those added to it.</summary>
internal sealed class Vocabulary
{
    /// <summary>The largest id accepted, so that a file cannot ask for tables of any size.</summary>
    public const int MaximumId = (1 << 22) - 1;

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;
    private readonly string?[] _tokens;
    private readonly bool[] _isSpecial;

    private Vocabulary(Dictionary<string, int> ids, string?[] tokens, bool[] isSpecial)
    {
        _ids = ids;
        _idsBySpan = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _tokens = tokens;
        _isSpecial = isSpecial;
    }

    /// <summary>One more than the largest id.</summary>
    public int Size => _tokens.Length;

    public bool TryGetId(ReadOnlySpan<char> token, out int id) => _idsBySpan.TryGetValue(token, out id);

    public string? Token(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    public bool IsSpecial(int id) => (uint)id < (uint)_isSpecial.Length && _isSpecial[id];

    /// <summary>Reads the vocabulary of a model from "vocab": an object of ids by token.</summary>
    public static Dictionary<string, int> ReadModel(JsonNode vocab)
    {
        vocab.Expect(JsonValueKind.Object, "an object of ids by token");
        var ids = new Dictionary<string, int>(vocab.Element.GetPropertyCount());
        foreach (JsonProperty entry in vocab.Element.EnumerateObject())
        {
            string token;
            try
            {
                token = entry.Name;
            }
            catch (InvalidOperationException exception)
            {
                throw vocab.Error("a token is not valid Unicode", exception);
            }

            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out int id) || id is < 0 or > MaximumId)
            {
                throw vocab.Error($"the id of \"{JsonNode.Shorten(token)}\" must be an integer from 0 to {MaximumId}, "
                    + $"found {JsonNode.Shorten(entry.Value.GetRawText())}");
            }

            if (!ids.TryAdd(token, id))
            {
                throw vocab.Error($"the token \"{JsonNode.Shorten(token)}\" appears twice");
            }
        }

        return ids;
    }

    /// <summary>Joins the model's tokens and the added ones. Two tokens never share an id.</summary>
    public static Vocabulary Create(JsonNode root, Dictionary<string, int> model, IReadOnlyList<AddedToken> added)
    {
        var ids = new Dictionary<string, int>(model);
        int largest = -1;
        foreach (int id in model.Values)
        {
            largest = Math.Max(largest, id);
        }

        foreach (AddedToken token in added)
        {
            largest = Math.Max(largest, token.Id);
        }

        var tokens = new string?[largest + 1];
        var isSpecial = new bool[largest + 1];
        foreach ((string token, int id) in model)
        {
            if (tokens[id] is { } other)
            {
                throw root.Required("model").Required("vocab").Error(
                    $"the id {id} belongs to both \"{JsonNode.Shorten(other)}\" and \"{JsonNode.Shorten(token)}\"");
            }

            tokens[id] = token;
        }

        var seen = new HashSet<int>();
        foreach (AddedToken token in added)
        {
            bool isKnown = ids.TryGetValue(token.Content, out int knownId);
            if ((isKnown && knownId != token.Id) || (!isKnown && tokens[token.Id] is not null) || !seen.Add(token.Id))
            {
                throw root.Required("added_tokens").Error($"\"{JsonNode.Shorten(token.Content)}\" has the id {token.Id}, "
                    + (isKnown && knownId != token.Id ? $"but its id is already {knownId}" : $"which is taken by \"{JsonNode.Shorten(tokens[token.Id] ?? token.Content)}\""));
            }

            ids[token.Content] = token.Id;
            tokens[token.Id] = token.Content;
            isSpecial[token.Id] = token.IsSpecial;
        }

        return new Vocabulary(ids, tokens, isSpecial);
    }
}
