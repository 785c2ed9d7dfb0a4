using System.CommandLine;
using System.CommandLine.Parsing;
using Llm42.Cli.Options;
using Llm42.Cli.Serving;

namespace Llm42.Cli.Commands;

/// <summary>What `bench serve` sends and writes.</summary>
internal sealed class ServingFlags
{
    private static readonly ServingOptions Defaults = new();

    private readonly Option<float?> _requestRate = Flag.Real(
        "--request-rate", "Open loop: requests per second, arriving as a Poisson process whether or not the server keeps up.", 0.0001f, 100000);

    private readonly Option<int?> _concurrency = Flag.Integer(
        "--concurrency", $"Closed loop: so many requests at once, each followed by the next when it has ended (default {Defaults.Concurrency}).", 1, 16384);

    private readonly Option<int?> _numRequests = Flag.Integer(
        "--num-requests", $"Requests in all (default {Defaults.NumRequests}; with --duration as many as come).", 1, ServingPlan.MostRequests);

    private readonly Option<float?> _duration = Flag.Real(
        "--duration", "Seconds during which requests are sent; those that run are waited for.", 0.001f, 604800);

    private readonly Option<float?> _share = Flag.Real(
        "--deterministic-share", "Share of the requests that ask for determinism (default 0).", 0, 1, "--deterministic-ratio");

    private readonly Option<string?> _deterministicBody = Flag.Text(
        "--deterministic-body", "JSON", "Fields that make a request deterministic (default {\"is_deterministic\": true}).");

    private readonly Option<string?> _prompts = Flag.Text(
        "--prompts", "FILE", "JSONL of prompts, or a JSON array: texts, or objects with prompt, question, messages, turns or, as ShareGPT, conversations (default: synthetic ones).");

    private readonly Option<LengthDistribution?> _inputLength = Length("--input-length", "Tokens of synthetic prompts", Defaults.InputLength);

    private readonly Option<LengthDistribution?> _outputLength = Length("--output-length", "Most tokens of answers", Defaults.OutputLength);

    private readonly Option<string?> _ignoreEos = Flag.Word(
        "--ignore-eos", "Ask for answers of exactly that length by \"ignore_eos\" (default on for synthetic prompts, off for those of a file).", ["on", "off"]);

    private readonly Option<float?> _temperature = Flag.Real("--temperature", $"Temperature (default {Defaults.Temperature}).", 0, 100);

    private readonly Option<int?> _warmup = Flag.Integer(
        "--warmup", $"Requests before the measurement (default {Defaults.Warmup}).", 0, 1 << 20);

    private readonly Option<ulong?> _seed = Flag.Seed("--seed", "Seed of all that has none of its own (default 42).", "--random-seed");

    private readonly Option<ulong?> _selectSeed = Flag.Seed("--select-seed", "Seed of the choice of prompts and lengths.");

    private readonly Option<ulong?> _orderSeed = Flag.Seed("--order-seed", "Seed of the order in which they are sent.");

    private readonly Option<ulong?> _arrivalSeed = Flag.Seed("--arrival-seed", "Seed of the times at which they are sent.");

    private readonly Option<ulong?> _deterministicSeed = Flag.Seed("--deterministic-seed", "Seed of the choice of deterministic requests.");

    private readonly Option<string?> _output = Flag.Text("--output", "FILE", "Write the JSON into a file as well.");

    private readonly Option<string?> _report = Flag.Text(
        "--report", "FILE", "Write a report with the distributions of latencies: an .html file that needs no other, or an .svg.");

    private readonly Option<bool> _details = Flag.Switch("--details", "Put every request into the JSON.");

    public void AddTo(Command command)
    {
        Option[] all =
        [
            _requestRate, _concurrency, _numRequests, _duration, _share, _deterministicBody, _prompts, _inputLength, _outputLength, _ignoreEos,
            _temperature, _warmup, _seed, _selectSeed, _orderSeed, _arrivalSeed, _deterministicSeed, _output, _report, _details,
        ];
        foreach (Option option in all)
            command.Add(option);
    }

    /// <summary>The file for the JSON; null for none.</summary>
    public string? Output(ParseResult parsed) => parsed.GetValue(_output);

    /// <summary>The file for the report; null for none.</summary>
    public string? Report(ParseResult parsed) => parsed.GetValue(_report) is not { } file
        ? null
        : Path.GetExtension(file) is ".html" or ".svg"
            ? file
            : throw new UsageException($"--report is '{file}'; its name must end in .html or .svg.");

    /// <summary>The JSON holds every request.</summary>
    public bool HasDetails(ParseResult parsed) => parsed.GetValue(_details);

    public ServingOptions Read(ParseResult parsed)
    {
        if (parsed.GetValue(_requestRate) is not null && parsed.GetValue(_concurrency) is not null)
            throw new UsageException("--request-rate is an open loop and --concurrency a closed one; give one of them.");
        string? file = parsed.GetValue(_prompts);
        if (file is not null && parsed.GetValue(_inputLength) is not null)
            throw new UsageException("--prompts and --input-length are given; prompts of a file have their own lengths.");
        float? duration = parsed.GetValue(_duration);
        ulong seed = parsed.GetValue(_seed) ?? 42;
        return Defaults with
        {
            // 0.1f is 0.1, not 0.10000000149.
            RequestRate = (double?)(decimal?)parsed.GetValue(_requestRate),
            Concurrency = parsed.GetValue(_concurrency) ?? Defaults.Concurrency,
            NumRequests = parsed.GetValue(_numRequests)
                ?? (duration is not null && parsed.GetValue(_requestRate) is not null ? ServingPlan.MostRequests : Defaults.NumRequests),
            Duration = duration is { } seconds ? TimeSpan.FromSeconds((double)(decimal)seconds) : null,
            DeterministicShare = (double)(decimal)(parsed.GetValue(_share) ?? 0),
            DeterministicBody = RemoteFlags.ReadObject(_deterministicBody.Name, parsed.GetValue(_deterministicBody)) ?? Defaults.DeterministicBody,
            PromptFile = file,
            InputLength = parsed.GetValue(_inputLength) ?? Defaults.InputLength,
            OutputLength = parsed.GetValue(_outputLength) ?? Defaults.OutputLength,
            IgnoreEos = parsed.GetValue(_ignoreEos) is { } word ? word == "on" : file is null,
            Temperature = parsed.GetValue(_temperature) ?? Defaults.Temperature,
            Warmup = parsed.GetValue(_warmup) ?? Defaults.Warmup,
            Seeds = new ServingSeeds(
                parsed.GetValue(_selectSeed) ?? seed, parsed.GetValue(_orderSeed) ?? seed, parsed.GetValue(_arrivalSeed) ?? seed,
                parsed.GetValue(_deterministicSeed) ?? seed),
        };
    }

    private static Option<LengthDistribution?> Length(string name, string description, LengthDistribution otherwise) => new(name)
    {
        Description = $"{description}: {LengthDistribution.Forms} (default {otherwise}).",
        HelpName = "LENGTH",
        CustomParser = result =>
        {
            string text = result.Tokens.Count == 0 ? "" : result.Tokens[^1].Value;
            if (LengthDistribution.Parse(text) is { } length)
                return length;
            result.AddError($"{name} is '{text}'; it must be {LengthDistribution.Forms}.");
            return null;
        },
    };
}
