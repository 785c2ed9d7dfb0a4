using Llm42.Models;
using Llm42.Tokenization;

namespace Llm42.Generation;

/// <summary>
/// The tokens that end an answer. The first of generation_config.json, config.json and tokenizer_config.json that names
/// any decides alone, as in the transformers library, which asks the tokenizer's file never: what the maker of a model
/// left out of the first is no end.
/// </summary>
/// <param name="Ids">Token ids; empty if no file names one.</param>
/// <param name="Source">The file that names them; null if none does.</param>
internal sealed record EosTokens(IReadOnlySet<int> Ids, string? Source)
{
    /// <summary>Looks in the three files.</summary>
    public static EosTokens Find(
        GenerationDefaults defaults, ModelConfig config, TokenizerConfig tokenizerConfig, ITokenizer? tokenizer)
    {
        if (defaults.EosTokenIds.Count > 0)
            return new EosTokens(defaults.EosTokenIds.ToHashSet(), GenerationDefaults.FileName);
        if (config.EosTokenIds.Count > 0)
            return new EosTokens(config.EosTokenIds.ToHashSet(), ModelConfigReader.FileName);
        return tokenizerConfig.EosToken is { } token && tokenizer?.TryGetId(token, out var id) == true
            ? new EosTokens(new HashSet<int> { id }, TokenizerConfig.FileName)
            : new EosTokens(new HashSet<int>(), null);
    }
}
