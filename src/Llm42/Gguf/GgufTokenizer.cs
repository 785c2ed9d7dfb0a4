namespace Llm42.Gguf;

/// <summary>The tokenizer that a file's metadata describe.</summary>
internal sealed class GgufTokenizer
{
    public const string ModelKey = "tokenizer.ggml.model";
    public const string TokensKey = "tokenizer.ggml.tokens";
    public const string TypesKey = "tokenizer.ggml.token_type";
    public const string BosKey = "tokenizer.ggml.bos_token_id";
    public const string EosKey = "tokenizer.ggml.eos_token_id";

    private static readonly string[] EndKeys = [EosKey, "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];

    // Metadata name one end of a turn at most. Models have several, and those who convert them go by these names.
    private static readonly HashSet<string> EndNames = new(StringComparer.Ordinal)
    {
        "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|im_end|>", "<|endoftext|>", "<|end|>",
    };

    /// <summary>The file, for errors.</summary>
    public string Path { get; }

    private readonly Lazy<string[]> _tokens;
    private readonly Lazy<GgufTokenType[]> _types;

    public GgufTokenizer(string path, GgufMetadata metadata)
    {
        Path = path;
        Metadata = metadata;
        _tokens = new Lazy<string[]>(() => metadata.Texts(TokensKey) ?? throw metadata.Missing(TokensKey));
        _types = new Lazy<GgufTokenType[]>(ReadTypes);
    }

    public GgufMetadata Metadata { get; }

    /// <summary>False for a model that takes token ids only.</summary>
    public bool IsThere => Metadata.Text(ModelKey) is not (null or "none" or "no_vocab");

    /// <summary>The tokens by id.</summary>
    public string[] Tokens => _tokens.Value;

    /// <summary>Their kinds.</summary>
    public GgufTokenType[] Types => _types.Value;

    /// <summary>The token whose id a key holds; null if the key is missing or there is no tokenizer.</summary>
    public string? TokenOf(string key) => IsThere && IdOf(key) is { } id ? Tokens[id] : null;

    /// <summary>The id that a key holds, which is below the number of tokens; null if the key is missing.</summary>
    public int? IdOf(string key) => Metadata.Has(key) ? (int)Metadata.Integer(key, 0, Tokens.Length - 1) : null;

    /// <summary>Every token that ends an answer, ascending; none without a tokenizer.</summary>
    public IReadOnlyCollection<int> EndTokens()
    {
        var ids = new SortedSet<int>();
        if (!IsThere)
            return ids;
        foreach (var key in EndKeys)
        {
            if (IdOf(key) is { } id)
                ids.Add(id);
        }
        for (var id = 0; id < Tokens.Length; id++)
        {
            if (Types[id] == GgufTokenType.Control && EndNames.Contains(Tokens[id]))
                ids.Add(id);
        }
        return ids;
    }

    /// <summary>The tokenizer.json that the model would have, in UTF-8.</summary>
    /// <exception cref="ModelFormatException">The metadata are malformed, or ask for a tokenizer that is not supported.</exception>
    public byte[] ToJson()
    {
        CheckTokens();
        return Metadata.Text(ModelKey) switch
        {
            "gpt2" => ByteLevelTokenizerJson.Write(this),
            "llama" => SentencePieceTokenizerJson.Write(this),
            _ => throw Metadata.Wrong(ModelKey, "\"gpt2\" (byte-level BPE) or \"llama\" (SentencePiece BPE)"),
        };
    }

    private GgufTokenType[] ReadTypes()
    {
        var numbers = Metadata.Integers(TypesKey, (int)GgufTokenType.Undefined, (int)GgufTokenType.Byte);
        if (numbers is null)
            return new GgufTokenType[Tokens.Length];
        return numbers.Length == Tokens.Length
            ? Array.ConvertAll(numbers, number => (GgufTokenType)number)
            : throw Metadata.Wrong(TypesKey, $"an array of {Tokens.Length} integers, one for each of {TokensKey}");
    }

    private void CheckTokens()
    {
        var ids = new Dictionary<string, int>(Tokens.Length, StringComparer.Ordinal);
        for (var id = 0; id < Tokens.Length; id++)
        {
            if (Types[id] != GgufTokenType.Unused && !ids.TryAdd(Tokens[id], id))
                throw new ModelFormatException(
                    Path, $"{TokensKey}[{id}] is {new GgufValue(GgufValueType.String, Tokens[id])}, and so is {TokensKey}[{ids[Tokens[id]]}].");
        }
    }
}
