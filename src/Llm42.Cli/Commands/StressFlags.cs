using System.CommandLine;
using Llm42.Cli.Options;
using Llm42.Cli.Stress;
using Llm42.Core.Engine;

namespace Llm42.Cli.Commands;

/// <summary>The flags of `check --stress`.</summary>
internal sealed class StressFlags
{
    private static readonly StressOptions Defaults = new();

    /// <summary>Flags of the plain check that a stress check has no use for.</summary>
    private static readonly string[] PlainOnly =
    [
        "--prompt", "--prompt-file", "--prompt-ids", "--no-special-tokens", "--runs", "--neighbours", "--repetitions", "--explain",
    ];

    private readonly Option<bool> _stress = Flag.Switch(
        "--stress", "Compare thousands of deterministic answers, under hundreds of settings and loads, with those of an idle engine.");

    private readonly Option<int?> _configurations = Flag.Integer(
        "--configurations", $"With --stress: engines with other settings and another load, at least (default {Defaults.Configurations}).", 1, 1 << 20);

    private readonly Option<int?> _answers = Flag.Integer(
        "--answers", $"With --stress: deterministic answers to compare in all, at least (default {Defaults.Answers}).",
        1, 1 << 30);

    private readonly Option<float?> _soak = Flag.Real(
        "--soak", "With --stress: go on with further configurations until so many minutes are over.", 0, 525600);

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_stress, _configurations, _answers, _soak])
            command.Add(option);
    }

    /// <summary>A stress check is asked for; its flags alone are refused.</summary>
    public bool IsAskedFor(ParseResult parsed)
    {
        if (parsed.GetValue(_stress))
            return true;
        IReadOnlySet<string> given = GivenOptions.Of(parsed);
        foreach (Option option in (Option[])[_configurations, _answers, _soak])
        {
            if (given.Contains(option.Name))
                throw new UsageException($"{option.Name} is given without --stress, and means something only there.");
        }

        return false;
    }

    /// <summary>What to do; <paramref name="tokens"/> and <paramref name="seed"/> are null where the user gave none.</summary>
    public StressOptions Read(ParseResult parsed, InferenceEngineOptions engine, int? tokens, ulong? seed)
    {
        IReadOnlySet<string> given = GivenOptions.Of(parsed);
        if (PlainOnly.FirstOrDefault(given.Contains) is { } senseless)
            throw new UsageException($"{senseless} and --stress do not go together; a stress check makes its requests and loads from --seed.");
        if (engine.Engine.Verifier == VerifierKind.FixedShape)
            throw new UsageException(
                "--stress is about answers that no setting changes, and those of --verifier fixed-shape depend on the window and the group; leave one out.");
        if (engine.Engine.Determinism == DeterminismMode.Off)
            throw new UsageException("--stress is about deterministic answers, and determinism is switched off; leave one out.");
        var options = new StressOptions
        {
            Configurations = parsed.GetValue(_configurations) ?? Defaults.Configurations,
            Answers = parsed.GetValue(_answers) ?? Defaults.Answers,
            Tokens = tokens ?? Defaults.Tokens,
            Seed = seed ?? Defaults.Seed,
            Soak = TimeSpan.FromMinutes(parsed.GetValue(_soak) ?? 0),
            FixedOptions = given,
        };
        return options.AnswersPerConfiguration <= StressOptions.MostAnswersPerConfiguration
            ? options
            : throw new UsageException(
                $"--answers {options.Answers} over {options.Configurations} configurations are more than {StressOptions.MostAnswersPerConfiguration} each; raise --configurations.");
    }
}
