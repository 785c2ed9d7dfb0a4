using System.Buffers;
using System.Text.Json;
using Llm42.Tokenization.Json;

namespace Llm42.Tokenization.Bpe;

/// <summary>Reads "model".</summary>
internal static class BpeReader
{
    private const char Metaspace = '\u2581';

    public static BpeModel Read(JsonNode node, Dictionary<string, int> vocabulary)
    {
        if (node.TryGet("dropout", out JsonNode dropout) && !(dropout.Kind == JsonValueKind.Number && dropout.Element.GetRawText() is "0" or "0.0"))
        {
            throw dropout.Error("dropout makes the ids random and is not supported; set it to null");
        }

        var options = new BpeOptions
        {
            UnknownToken = node.OptionalString("unk_token"),
            FusesUnknown = node.OptionalBool("fuse_unk", false),
            HasByteFallback = node.OptionalBool("byte_fallback", false),
            IgnoresMerges = node.OptionalBool("ignore_merges", false),
            ContinuingPrefix = node.OptionalString("continuing_subword_prefix") ?? "",
            EndSuffix = node.OptionalString("end_of_word_suffix") ?? "",
        };
        if (options.UnknownToken is { } unknown && !vocabulary.ContainsKey(unknown))
        {
            throw node.Required("unk_token").Error($"the token \"{JsonNode.Shorten(unknown)}\" is not in the vocabulary");
        }

        MergeTable merges = ReadMerges(node.Required("merges"), vocabulary, options.ContinuingPrefix, out MergeBoundaries boundaries);
        return new BpeModel(vocabulary, merges, boundaries, options);
    }

    private static MergeTable ReadMerges(JsonNode list, Dictionary<string, int> vocabulary, string prefix, out MergeBoundaries boundaries)
    {
        list.Expect(JsonValueKind.Array, "an array of merges");
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new MergeTable(list.Element.GetArrayLength());
        bool crossesMetaspace = false;
        bool touchesNewline = false;
        char[] joined = new char[256];
        int index = -1;
        int rank = 0;
        foreach (JsonElement item in list.Element.EnumerateArray())
        {
            index++;
            (string left, string right) = ReadPair(list, item, index);
            if (left.StartsWith("#version", StringComparison.Ordinal) && item.ValueKind == JsonValueKind.String)
            {
                continue;
            }

            if (right.Length < prefix.Length)
            {
                throw Error(list, index, $"\"{JsonNode.Shorten(right)}\" is shorter than the continuing_subword_prefix \"{JsonNode.Shorten(prefix)}\"");
            }

            int length = left.Length + right.Length - prefix.Length;
            if (joined.Length < length)
            {
                joined = new char[length * 2];
            }

            left.CopyTo(joined);
            right.AsSpan(prefix.Length).CopyTo(joined.AsSpan(left.Length));
            int leftId = Id(list, index, ids, left);
            int rightId = Id(list, index, ids, right);
            int mergedId = Id(list, index, ids, joined.AsSpan(0, length));
            merges.Set(leftId, rightId, new Merge(rank++, mergedId));
            crossesMetaspace |= right.StartsWith(Metaspace) && !left.EndsWith(Metaspace);
            touchesNewline |= left.EndsWith('\n') || right.StartsWith('\n');
        }

        boundaries = new MergeBoundaries(crossesMetaspace, touchesNewline);

        return merges;
    }

    private static (string Left, string Right) ReadPair(JsonNode list, JsonElement item, int index)
    {
        try
        {
            if (item.ValueKind == JsonValueKind.Array && item.GetArrayLength() == 2
                && item[0].ValueKind == JsonValueKind.String && item[1].ValueKind == JsonValueKind.String)
            {
                return (item[0].GetString()!, item[1].GetString()!);
            }

            if (item.ValueKind == JsonValueKind.String)
            {
                string text = item.GetString()!;
                int space = text.IndexOf(' ', StringComparison.Ordinal);
                if (text.StartsWith("#version", StringComparison.Ordinal))
                {
                    return (text, "");
                }

                if (space >= 0 && text.IndexOf(' ', space + 1) < 0)
                {
                    return (text[..space], text[(space + 1)..]);
                }
            }
        }
        catch (InvalidOperationException exception)
        {
            throw Error(list, index, "the merge is not valid Unicode", exception);
        }

        throw Error(list, index, $"a merge must be two strings or one string with one space, found {JsonNode.Shorten(item.GetRawText())}");
    }

    private static int Id(
        JsonNode list, int index, Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids, ReadOnlySpan<char> token) =>
        ids.TryGetValue(token, out int id)
            ? id
            : throw Error(list, index, $"the token \"{JsonNode.Shorten(token.ToString())}\" is not in the vocabulary");

    private static TokenizerFormatException Error(JsonNode list, int index, string problem, Exception? cause = null) =>
        list.Error($"merge {index}: {problem}", cause);
}
