using System.CommandLine;

namespace Llm42.Cli.Options;

/// <summary>How the tokens of an answer are chosen and when it ends.</summary>
internal sealed class SamplingFlags
{
    private static readonly GenerationOptions Defaults = new();

    private readonly Option<bool> _deterministic = Flag.Switch(
        "--deterministic", "Answer bit for bit the same whatever else the engine does.", "--is-deterministic");

    private readonly Option<int?> _maxTokens = Flag.Integer(
        "--max-tokens", "Most tokens to generate (default: the model's generation_config.json, else 256).", 1, int.MaxValue);

    private readonly Option<float?> _temperature = Flag.Real(
        "--temperature", "0 is greedy (default: the model's generation_config.json, where that says do_sample, else 0).", 0, 100);

    private readonly Option<float?> _topP = Flag.Real("--top-p", "Keep the most likely tokens up to this probability; 1 keeps all (default: the model's).", 0, 1);

    private readonly Option<int?> _topK = Flag.Integer("--top-k", "Keep this many of the most likely tokens; 0 keeps all (default: the model's).", 0, int.MaxValue);

    private readonly Option<float?> _minP = Flag.Real("--min-p", "Drop tokens less likely than this times the most likely one; 0 drops none (default: the model's).", 0, 1);

    private readonly Option<float?> _repetitionPenalty = Flag.Real(
        "--repetition-penalty",
        "Above 1, tokens of the prompt and the answer become less likely (default: the model's generation_config.json, else 1).",
        0, 10);

    private readonly Option<float?> _presencePenalty = Flag.Real(
        "--presence-penalty", "Taken off the logits of tokens that the answer holds (default 0).", -2, 2);

    private readonly Option<float?> _frequencyPenalty = Flag.Real(
        "--frequency-penalty", "Taken off a token's logit for each time that the answer holds it (default 0).", -2, 2);

    private readonly Option<Dictionary<int, float>?> _logitBias = Flag.TokenNumbers(
        "--logit-bias", "Added to the logit of token ID; several with commas, or given more than once. -100 bans a token.", -100, 100);

    private readonly Option<int?> _n = Flag.Integer(
        "--n", "Answers to give (default 1); answer i, from 0, is the one of --seed + i.", 1, GenerationOptions.MaxN);

    private readonly Option<ulong?> _seed = Flag.Seed("--seed", "Seed of the sampling noise (default 0).", "--random-seed", "--sampling-seed");

    private readonly Option<bool> _ignoreEos = Flag.Switch("--ignore-eos", "Go on behind the model's end token.");

    private readonly Option<string[]> _stop = new("--stop")
    {
        Description = "End the answer before this text, in place of the model's own stop strings; may be given more than once.",
        HelpName = "TEXT",
    };

    private readonly Option<int?> _logprobs = Flag.Integer(
        "--logprobs", "With --json: the log-probability of every token, and of the K most likely at its place.", 0, 1024);

    private readonly FormatFlags _format = new();

    public void AddTo(Command command)
    {
        Option[] all =
        [
            _deterministic, _maxTokens, _temperature, _topP, _topK, _minP, _repetitionPenalty, _presencePenalty,
            _frequencyPenalty, _logitBias, _n, _seed, _ignoreEos, _stop, _logprobs,
        ];
        foreach (Option option in all)
            command.Add(option);
        _format.AddTo(command);
    }

    /// <summary>Log-probabilities were asked for.</summary>
    public bool HasLogprobs(ParseResult parsed) => parsed.GetValue(_logprobs) is not null;

    public GenerationOptions Read(ParseResult parsed, EngineFlags engine, bool addSpecialTokens)
    {
        bool isDeterministic = parsed.GetValue(_deterministic) || engine.IsDeterministicThroughout(parsed);
        if (isDeterministic && engine.RefusesDeterminism(parsed))
            throw new UsageException("--deterministic is asked for, and --enable-llm42 0 or --determinism off switches it off; leave one out.");
        return Defaults with
        {
            MaxTokens = parsed.GetValue(_maxTokens),
            Temperature = parsed.GetValue(_temperature),
            TopP = parsed.GetValue(_topP),
            TopK = parsed.GetValue(_topK),
            MinP = parsed.GetValue(_minP),
            RepetitionPenalty = parsed.GetValue(_repetitionPenalty),
            PresencePenalty = parsed.GetValue(_presencePenalty) ?? Defaults.PresencePenalty,
            FrequencyPenalty = parsed.GetValue(_frequencyPenalty) ?? Defaults.FrequencyPenalty,
            LogitBias = parsed.GetValue(_logitBias) ?? Defaults.LogitBias,
            N = parsed.GetValue(_n) ?? Defaults.N,
            Seed = parsed.GetValue(_seed) ?? Defaults.Seed,
            IsDeterministic = isDeterministic,
            IgnoreEos = parsed.GetValue(_ignoreEos),
            Stop = parsed.GetValue(_stop) is [_, ..] stop ? stop : null,
            OutputFormat = _format.Read(parsed),
            TopLogprobs = parsed.GetValue(_logprobs) ?? 0,
            AddSpecialTokens = addSpecialTokens,
        };
    }
}
