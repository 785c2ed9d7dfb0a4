using Llm42.Core.Requests;
using Llm42.Models;
using Llm42.Core.Sampling;
using Llm42.Receipts;
using Llm42.StructuredOutput;
using Llm42.Tokenization;

namespace Llm42.Generation;

/// <summary>Turns what a caller asks for into what the engine runs, with the model's own defaults filled in.</summary>
internal sealed class RequestBuilder
{
    private readonly ITokenizer? _tokenizer;
    private readonly GenerationDefaults _defaults;
    private readonly IReadOnlySet<int> _eosTokenIds;
    private readonly FormatCompiler? _formats;

    /// <summary>For a model.</summary>
    /// <param name="tokenizer">Null where it has none.</param>
    /// <param name="defaults">Its own defaults.</param>
    /// <param name="eosTokenIds">Its end tokens.</param>
    /// <param name="vocabulary">Tokens that it chooses from; null for those of the tokenizer.</param>
    public RequestBuilder(
        ITokenizer? tokenizer, GenerationDefaults defaults, IReadOnlySet<int> eosTokenIds, int? vocabulary = null)
    {
        _formats = tokenizer is null ? null : new FormatCompiler(tokenizer, vocabulary ?? tokenizer.VocabularySize, eosTokenIds);
        _tokenizer = tokenizer;
        _defaults = defaults;
        _eosTokenIds = eosTokenIds;
    }

    /// <summary>Encodes a prompt; at least one token comes out.</summary>
    public IReadOnlyList<int> Encode(string prompt, bool addSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        if (_tokenizer is null)
            throw new InvalidOperationException(
                $"The model directory has no {TokenizerJson.FileName}, so a prompt cannot be text; give token ids.");
        var ids = _tokenizer.Encode(prompt, addSpecialTokens);
        return ids.Length > 0
            ? ids
            : throw new ArgumentException(
                "The prompt has no tokens: the text is empty and no special token is added. Give some text.", nameof(prompt));
    }

    /// <summary>The stop strings of a request: its own, else the model's.</summary>
    public IReadOnlyList<string> StopsOf(GenerationOptions options) => options.Stop ?? _defaults.StopStrings;

    /// <summary>The requests to generate, one per answer: alike but for their seeds.</summary>
    public IReadOnlyList<GenerationRequest> Build(IReadOnlyList<int> promptIds, GenerationOptions options)
    {
        ArgumentNullException.ThrowIfNull(promptIds);
        if (options.N is < 1 or > GenerationOptions.MaxN)
            throw new ArgumentException($"n is {options.N}; it must be 1..{GenerationOptions.MaxN}.");
        var first = BuildFirst(promptIds, options);
        return [.. Enumerable.Range(0, options.N).Select(i => first with
        {
            Sampling = first.Sampling with { Seed = unchecked(first.Sampling.Seed + (ulong)i) },
        })];
    }

    private GenerationRequest BuildFirst(IReadOnlyList<int> promptIds, GenerationOptions options) => new()
    {
        Constraint = BuildConstraint(options.OutputFormat, options.IgnoreEos ? new HashSet<int>() : _eosTokenIds),
        PromptIds = [.. promptIds],
        Sampling = new SamplingParameters
        {
            Temperature = options.Temperature ?? _defaults.Temperature,
            TopP = options.TopP ?? _defaults.TopP,
            TopK = options.TopK ?? _defaults.TopK,
            MinP = options.MinP ?? _defaults.MinP,
            RepetitionPenalty = options.RepetitionPenalty ?? _defaults.RepetitionPenalty,
            PresencePenalty = options.PresencePenalty,
            FrequencyPenalty = options.FrequencyPenalty,
            LogitBias = options.LogitBias.ToDictionary(),
            Seed = options.Seed,
        },
        MaxTokens = options.MaxTokens ?? _defaults.MaxTokens(promptIds.Count),
        IsDeterministic = options.IsDeterministic,
        StopTokenIds = options.IgnoreEos ? new HashSet<int>() : _eosTokenIds,
        TextStop = BuildTextStop(StopsOf(options), options.SkipSpecialTokens),
        TopLogprobs = options.TopLogprobs,
        CaptureLayers = options.CaptureLayers,
    };

    /// <summary>The request of a receipt: nothing is filled in.</summary>
    public GenerationRequest Build(ReceiptRequest receipt) => new()
    {
        PromptIds = receipt.PromptTokenIds,
        Sampling = receipt.Sampling.ToParameters(),
        MaxTokens = receipt.MaxTokens,
        IsDeterministic = true,
        StopTokenIds = receipt.StopTokenIds.ToHashSet(),
        TextStop = BuildTextStop(receipt.StopStrings, skipSpecialTokens: true),
        Constraint = BuildConstraint(
            receipt.OutputFormat is null ? null : FormatJson.Parse(receipt.OutputFormat), receipt.StopTokenIds.ToHashSet()),
    };

    private ITokenConstraint? BuildConstraint(OutputFormat? format, IReadOnlySet<int> endTokens) =>
        format is null ? null
        : _formats is null ? throw new InvalidOperationException(
            $"The model directory has no {TokenizerJson.FileName}, so an answer has no text to give a form to; leave OutputFormat out.")
        : _formats.Compile(format, endTokens);

    private TextStop? BuildTextStop(IReadOnlyList<string> stops, bool skipSpecialTokens)
    {
        if (stops.Count == 0)
            return null;
        for (var i = 0; i < stops.Count; i++)
        {
            if (string.IsNullOrEmpty(stops[i]))
                throw new ArgumentException($"Stop string {i} is empty; every answer would end before it began.");
        }
        return _tokenizer is null
            ? throw new InvalidOperationException(
                $"The model directory has no {TokenizerJson.FileName}, so an answer has no text to stop at; leave Stop empty.")
            : new TextStop(_tokenizer.CreateDetokenizer(skipSpecialTokens), new StopStringScanner([.. stops]));
    }
}
