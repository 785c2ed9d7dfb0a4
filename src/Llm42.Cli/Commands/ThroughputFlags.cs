using System.CommandLine;
using Llm42.Cli.Options;
using Llm42.Cli.Synthetic;
using Llm42.Cli.Throughput;
using Llm42.Core.Engine;

namespace Llm42.Cli.Commands;

/// <summary>What `bench throughput` measures.</summary>
internal sealed class ThroughputFlags
{
    private static readonly int[] DefaultBatches = [1, 8, 32];
    private static readonly double[] DefaultShares = [0, 1];

    private readonly Option<string[]?> _kv = Flag.Words("--kv-dtype", "dtypes of keys and values, separated by commas (default bf16).", ["bf16", "f32"]);

    private readonly Option<string[]?> _determinism = Flag.Words(
        "--determinism", "How deterministic requests are answered, ways separated by commas (default auto).",
        [.. EngineWords.DeterminismModes.Keys.Where(word => word != "off")]);

    private readonly Option<string[]?> _drafters = Flag.Words(
        "--drafter", "What proposes tokens, separated by commas (default auto). Pairs with --determinism that exclude each other are left out.",
        [.. EngineWords.Drafters.Keys]);

    private readonly Option<int?> _window = Flag.Integer("--window", $"Most drafts of a request before a verify pass (default {Defaults.Engine.Window}).", 1, 1024);

    private readonly Option<int?> _verifyGroup = Flag.Integer("--verify-group", $"Most windows in one verify pass (default {Defaults.Engine.VerifyGroup}).", 1, 1024);

    private readonly Option<int[]?> _batches = Flag.Integers(
        "--batch", $"Requests at once, separated by commas (default {string.Join(',', DefaultBatches)}).", 1, 1024);

    private readonly Option<double[]?> _shares = Flag.Reals(
        "--deterministic-share", $"Shares of deterministic requests, separated by commas (default {string.Join(',', DefaultShares)}); a small one takes many requests.", 0, 1);

    private readonly Option<int?> _promptLength = Flag.Integer("--prompt-length", "Tokens of a prompt (default 512).", 1, SyntheticModel.MaxContext / 2);

    private readonly Option<int?> _outputLength = Flag.Integer("--output-length", "Tokens of an answer (default 64).", 2, SyntheticModel.MaxContext / 2);

    private readonly Option<int?> _repetitions = Flag.Integer("--repetitions", "Samples of each row, taken in turns (default 5).", 1, 1000);

    private readonly Option<string?> _model = Flag.Text(
        "--model", "MODEL", "A model instead of random weights: a directory, a GGUF file, or demo. Without --shape, --peer and the fractions of the ceilings.", "--model-path");

    private readonly Option<string?> _promptFile = Flag.Text("--prompt-file", "FILE", "Prompts are pieces of this text instead of random tokens; with --model.");

    private readonly Option<float?> _acceptance = Flag.Real(
        "--acceptance",
        "Random weights draft and verify by chance: count each draft as right with this probability instead of comparing. For figures of speed alone; answers mean nothing.", 0, 1);

    private readonly Option<string?> _peer = Flag.Text(
        "--peer", "FOLDER", "Measure llama.cpp in the same turns, from the npm package node-llama-cpp in this folder, where npm puts it if it is missing; none for no such comparison (default none).");

    private readonly Option<string[]?> _peerWeights = Flag.Words(
        "--peer-weights", "How llama.cpp's weights are stored, separated by commas (default as --weights, q8_0 for int8).", [.. WeightFormat.OfPeer.Select(format => format.Word)]);

    private readonly ProfileFlag _profile = new();

    private static InferenceEngineOptions Defaults { get; } = new();

    public void AddTo(Command command)
    {
        Option[] all = [_kv, _determinism, _drafters, _window, _verifyGroup, _batches, _shares, _promptLength, _outputLength, _repetitions, _model, _promptFile, _acceptance, _peer, _peerWeights];
        foreach (Option option in all)
            command.Add(option);
        _profile.AddTo(command);
    }

    public ThroughputOptions Read(ParseResult parsed, BenchMachineFlags machine)
    {
        EngineVariant[] variants =
        [
            .. from kv in Flag.ValuesOr(parsed, _kv, "bf16")
               from determinism in Flag.ValuesOr(parsed, _determinism, "auto")
               from drafter in Flag.ValuesOr(parsed, _drafters, "auto")
               let variant = new EngineVariant(
                   kv, EngineWords.DeterminismModes[determinism], EngineWords.Drafters[drafter],
                   parsed.GetValue(_window) ?? Defaults.Engine.Window, parsed.GetValue(_verifyGroup) ?? Defaults.Engine.VerifyGroup)
               where variant.IsPossible
               select variant,
        ];
        if (variants.Length == 0)
            throw new UsageException("--determinism and --drafter exclude each other: dvr needs drafts, and invariant drafts nothing.");
        string? model = parsed.GetValue(_model);
        IReadOnlyList<WeightFormat> formats = model is null ? machine.Formats(parsed) : machine.FormatsOfModel(parsed);
        if (variants.All(variant => variant.Drafter == DrafterKind.Int8Weights) && formats.All(format => format == WeightFormat.Int8))
            throw new UsageException("--weights int8 and --drafter int8 exclude each other: drafts would come from the weights that verify them.");
        string? peer = parsed.GetValue(_peer) is { } folder and not "none" ? folder : null;
        if (model is not null && (machine.HasShapes(parsed) || peer is not null))
            throw new UsageException("--model excludes --shape and --peer: llama.cpp is measured on random weights.");
        if (model is null && parsed.GetValue(_promptFile) is not null)
            throw new UsageException("--prompt-file needs --model: random weights have no tokenizer.");
        InferenceEngineOptions settings = _profile.Read(parsed, machine.Machine(parsed));
        return new ThroughputOptions
        {
            Shapes = machine.Shapes(parsed),
            Weights = formats,
            Model = model,
            Prompts = new ThroughputPrompts(parsed.GetValue(_promptFile) is { } file ? File.ReadAllText(file) : null),
            Variants = variants,
            Batches = Flag.ValuesOr(parsed, _batches, DefaultBatches),
            Shares = Flag.ValuesOr(parsed, _shares, DefaultShares),
            PromptLength = parsed.GetValue(_promptLength) ?? 512,
            OutputLength = parsed.GetValue(_outputLength) ?? 64,
            Repetitions = parsed.GetValue(_repetitions) ?? 5,
            Machine = settings with
            {
                Engine = settings.Engine with
                {
                    ForcedAcceptance = parsed.GetValue(_acceptance) is { } chance ? (double)(decimal)chance : null, // 0.99f is 0.99
                },
            },
            PeerFolder = peer,
            PeerWeights = peer is null ? [] : [
                .. Flag.ValuesOr(parsed, _peerWeights, [.. formats.Select(format => format.Peer.Word)])
                    .Select(word => WeightFormat.OfPeer.First(format => format.Word == word)),
            ],
        };
    }
}
