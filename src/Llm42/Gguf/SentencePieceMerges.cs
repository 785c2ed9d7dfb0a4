namespace Llm42.Gguf;

/// <summary>
/// Merges of a SentencePiece BPE, of which only the pieces and their scores are known: each piece can be merged from any
/// two pieces that it is made of, and the piece of the higher score is merged first.
/// </summary>
internal static class SentencePieceMerges
{
    // Pieces of real vocabularies have at most some dozens of characters. All splits of a piece are looked up, so what
    // a hostile file can ask for is bounded by both.
    private const int MaxPieceLength = 256;
    private const int MaxMergedCharacters = 64 << 20;

    /// <summary>All merges, first to last.</summary>
    public static IEnumerable<(string Left, string Right)> Derive(GgufTokenizer tokenizer, float[] scores)
    {
        var pieces = tokenizer.Tokens;
        var ids = new Dictionary<string, int>(pieces.Length, StringComparer.Ordinal);
        for (var id = 0; id < pieces.Length; id++)
        {
            if (IsPiece(tokenizer.Types[id]))
                ids[pieces[id]] = id;
        }

        var lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<(int Merged, int Left, int Right)>();
        long characters = 0;
        for (var id = 0; id < pieces.Length; id++)
        {
            if (!IsPiece(tokenizer.Types[id]))
                continue;
            var piece = pieces[id];
            if (piece.Length > MaxPieceLength)
                throw new ModelFormatException(
                    tokenizer.Path, $"{GgufTokenizer.TokensKey}[{id}] has {piece.Length} characters; pieces have at most {MaxPieceLength}.");
            for (var cut = 1; cut < piece.Length; cut++)
            {
                if (!lookup.TryGetValue(piece.AsSpan(0, cut), out var left) || !lookup.TryGetValue(piece.AsSpan(cut), out var right))
                    continue;
                merges.Add((id, left, right));
                characters += piece.Length;
                if (characters > MaxMergedCharacters)
                    throw new ModelFormatException(
                        tokenizer.Path, $"{GgufTokenizer.TokensKey} can be merged in too many ways: {MaxMergedCharacters} characters of merges are reached.");
            }
        }

        merges.Sort((a, b) => scores[b.Merged].CompareTo(scores[a.Merged]) is var byScore and not 0
            ? byScore
            : (a.Merged, a.Left, a.Right).CompareTo((b.Merged, b.Left, b.Right)));
        return merges.Select(merge => (pieces[merge.Left], pieces[merge.Right]));
    }

    private static bool IsPiece(GgufTokenType type) => type is GgufTokenType.Normal or GgufTokenType.Undefined;
}
