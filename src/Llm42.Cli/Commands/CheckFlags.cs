using System.CommandLine;
using Llm42.Cli.Determinism;
using Llm42.Cli.Options;
using Llm42.Cli.Stress;

namespace Llm42.Cli.Commands;

/// <summary>How much a check does.</summary>
internal sealed class CheckFlags
{
    private static readonly CheckOptions Defaults = new() { PromptIds = [] };

    private readonly Option<int?> _runs = Flag.Integer("--runs", $"Answers per row (default {Defaults.Runs}).", 2, 1 << 20);

    private readonly Option<int?> _tokens = Flag.Integer(
        "--tokens", $"Tokens per answer (default {Defaults.Tokens}); with --stress most tokens of most answers (default {new StressOptions().Tokens}).",
        1, 1 << 20, "--max-tokens");

    private readonly Option<int?> _neighbours = Flag.Integer(
        "--neighbours", $"Most neighbours of a run (default {Defaults.Neighbours}).", 0, 63);

    private readonly Option<ulong?> _seed = Flag.Seed(
        "--seed", $"Seed of the load and of the sampling (default {Defaults.Seed}).", "--random-seed");

    private readonly Option<int?> _repetitions = Flag.Integer(
        "--repetitions", $"Repetitions of each throughput measurement; 0 measures none (default {Defaults.Repetitions}).", 0, 1000);

    private readonly Option<bool> _explain = Flag.Switch(
        "--explain", "Name the first position and layer where the hidden states of runs amid load part from the run alone.");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_runs, _tokens, _neighbours, _seed, _repetitions, _explain])
            command.Add(option);
    }

    /// <summary>Tokens per answer; null where the user gave none.</summary>
    public int? Tokens(ParseResult parsed) => parsed.GetValue(_tokens);

    /// <summary>The seed; null where the user gave none.</summary>
    public ulong? Seed(ParseResult parsed) => parsed.GetValue(_seed);

    public CheckOptions Read(ParseResult parsed, IReadOnlyList<int> promptIds) => new()
    {
        PromptIds = promptIds,
        Runs = parsed.GetValue(_runs) ?? Defaults.Runs,
        Tokens = parsed.GetValue(_tokens) ?? Defaults.Tokens,
        Neighbours = parsed.GetValue(_neighbours) ?? Defaults.Neighbours,
        Seed = parsed.GetValue(_seed) ?? Defaults.Seed,
        Repetitions = parsed.GetValue(_repetitions) ?? Defaults.Repetitions,
        Explain = parsed.GetValue(_explain),
    };
}
