namespace Llm42.Gguf;

/// <summary>How a byte-level tokenizer cuts a text into words, by the name that the metadata give it.</summary>
/// <param name="Patterns">Each cuts what those before it left: its matches, and what is between them.</param>
/// <param name="Normalizes">The models' own tokenizers normalize to NFC first.</param>
/// <param name="IgnoresMerges">A word that is a token is that token, whatever the merges.</param>
/// <param name="AddsBos">Where the metadata do not say.</param>
internal sealed record GgufPreTokenizer(
    IReadOnlyList<string> Patterns, bool Normalizes = false, bool IgnoresMerges = false, bool AddsBos = false)
{
    public const string Key = "tokenizer.ggml.pre";

    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string SeedCoder =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Words in which capitals end where small letters begin.
    private const string CasedWord = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+";
    private const string CapitalWord = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*";
    private const string CasedRest = @" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Contraction = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)?";

    private static readonly GgufPreTokenizer OfLlama3 = new([Llama3], IgnoresMerges: true, AddsBos: true);
    private static readonly GgufPreTokenizer OfGpt2 = new([Gpt2]);
    private static readonly GgufPreTokenizer OfStarCoder = new([@"\p{N}", Gpt2]);

    private static readonly Dictionary<string, GgufPreTokenizer> ByName = new(StringComparer.Ordinal)
    {
        ["llama-bpe"] = OfLlama3,
        ["llama3"] = OfLlama3,
        ["llama-v3"] = OfLlama3,
        ["falcon3"] = OfLlama3,
        ["pixtral"] = OfLlama3,
        ["smaug-bpe"] = new([Llama3]),
        ["dbrx"] = new([Llama3]),
        ["qwen2"] = new([Qwen2], Normalizes: true),
        ["deepseek-r1-qwen"] = new([Qwen2]),
        ["gpt-2"] = OfGpt2,
        ["mellum"] = OfGpt2,
        ["smollm"] = OfStarCoder,
        ["starcoder"] = OfStarCoder,
        ["refact"] = OfStarCoder,
        ["codeshell"] = OfStarCoder,
        ["tekken"] = new([$@"{CasedWord}|{CapitalWord}|\p{{N}}|{CasedRest}"], IgnoresMerges: true, AddsBos: true),
        ["gpt-4o"] = new([$@"{CasedWord}{Contraction}|{CapitalWord}{Contraction}|\p{{N}}{{1,3}}|{CasedRest}"]),
        ["deepseek-coder"] = new([@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", @"[一-龥ࠀ-一가-퟿]+", @"\p{N}"]),
        ["seed-coder"] = new([SeedCoder]),
        ["default"] = new([@"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"]),
    };

    /// <summary>The one that a file names; without a name nobody knows where its words end.</summary>
    public static GgufPreTokenizer Of(GgufMetadata metadata)
    {
        var name = metadata.Text(Key) ?? throw metadata.Missing(Key);
        return ByName.TryGetValue(name, out var pre)
            ? pre
            : throw metadata.Wrong(Key, $"one of {string.Join(", ", ByName.Keys)}");
    }
}
