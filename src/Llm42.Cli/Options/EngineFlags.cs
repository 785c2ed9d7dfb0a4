using System.CommandLine;
using Llm42.Core.Engine;
using Llm42.Native;

namespace Llm42.Cli.Options;

/// <summary>How the engine runs: the options that every command with a model takes.</summary>
internal sealed class EngineFlags
{
    private static readonly InferenceEngineOptions Defaults = new();

    private readonly Option<DeviceChoice?> _device = DeviceChoice.CreateOption();

    private readonly Option<int?> _threads = Flag.Integer(
        "--threads", "Threads to compute with; 0: one per processor.", 0, 1024);

    private readonly Option<int?> _plannedThreads = Flag.Integer(
        "--planned-threads", "Threads that fast numerics plan their splits for, as a machine of that size would; 0: --threads.", 0, 1024);

    private readonly Option<CpuIsa?> _isa = Flag.Choice(
        "--isa", "Instruction set of the CPU backend.", EngineWords.InstructionSets);

    private readonly Option<string?> _kvDtype = Flag.Word(
        "--kv-dtype", $"Element type of the KV cache (default {Defaults.KvDtype}).", ["bf16", "f32"]);

    private readonly Option<string?> _weights = Flag.Word(
        "--weights", $"How weights are multiplied (default {Defaults.WeightFormat}): as they are stored, or as int8 by int8.", ["original", "int8"]);

    private readonly Option<string?> _weightCache = Flag.Text(
        "--weight-cache", "DIR",
        "Keep the weights there as the CPU backend packs them, and take them from there next time; checked against the model at each load (default: keep none).");

    private readonly Option<int?> _pageSize = Flag.Integer(
        "--page-size", $"Positions per KV page (default {Defaults.PageSize}).", 1, 1024);

    private readonly Option<int?> _maxContext = Flag.Integer(
        "--max-context", "Most positions of one request, prompt and answer together; 0: the model's.", 0, int.MaxValue);

    private readonly Option<int?> _memoryLimit = Flag.Integer(
        "--memory-limit", "Most MiB for weights, KV cache and work space; 0: what the machine has.", 0, int.MaxValue);

    private readonly Option<string?> _generationConfig = Flag.Word(
        "--generation-config",
        "auto takes what a request leaves open from the model's generation_config.json; none takes only its end tokens (default auto).",
        ["auto", "none"]);

    private readonly Option<int?> _prefillChunk = Flag.Integer(
        "--prefill-chunk", $"Most prompt tokens of one request in a step (default {Defaults.Engine.PrefillChunk}).", 1, 1 << 20);

    private readonly Option<bool> _noPrefixCache = Flag.Switch(
        "--no-prefix-cache", "Do not share the keys and values of requests that begin alike.");

    private readonly Option<int?> _window = Flag.Integer(
        "--window", $"Most drafts of a request before a verify pass (default {Defaults.Engine.Window}).", 1, 1024, "--llm42-window-size");

    private readonly Option<int?> _verifyGroup = Flag.Integer(
        "--verify-group", $"Most windows in one verify pass (default {Defaults.Engine.VerifyGroup}).", 1, 1024, "--llm42-verify-batch-size");

    private readonly Option<int?> _chainedSteps = Flag.Integer(
        "--chained-steps", "Most decode steps that run on the device before their tokens are read (default 0: what suits the device).", 0, 256);

    private readonly Option<bool> _noGraphs = Flag.Switch(
        "--no-graphs", "Do not record decode steps and verify passes as graphs, where the device has them.");

    private readonly Option<float?> _skipMismatch = Flag.Real(
        "--llm42-skip-mismatch",
        "Fault injection: 100 is the real comparison, 0 never rolls back, X in between forces X percent of the window back.",
        0, 100);

    private readonly Option<DeterminismMode?> _determinism = Flag.Choice(
        "--determinism",
        "How deterministic requests are answered (default auto): dvr drafts, verifies and rolls back; invariant decodes under invariant numerics; auto is the faster of the two; off refuses them.",
        EngineWords.DeterminismModes);

    private readonly Option<DrafterKind?> _drafter = Flag.Choice(
        "--drafter", "What proposes tokens: same for fast numerics, int8 for an int8 copy of the weights, ngram for what stood in the text before, none for nothing (default auto: what --determinism calls for).",
        EngineWords.Drafters);

    private readonly Option<VerifierKind?> _verifier = Flag.Choice(
        "--verifier", "Numerics of the verify pass (default invariant).", EngineWords.Verifiers);

    private readonly Option<int?> _enableLlm42 = Flag.Integer(
        "--enable-llm42", "Published name: 0 is --determinism off, 1 and 2 the default, 3 is --verifier fixed-shape.", 0, 3);

    private readonly Option<int?> _enableDeterministicInference = Flag.Integer(
        "--enable-deterministic-inference",
        "Published name: above 0, every request is deterministic and decoded under invariant numerics (--determinism invariant).", 0, 2);

    /// <summary>The user fixed what fast numerics plan for.</summary>
    public bool HasPlannedThreads(ParseResult parsed) => parsed.GetValue(_plannedThreads) is > 0;

    /// <summary>The user chose whether to draft.</summary>
    public bool HasDrafter(ParseResult parsed) =>
        parsed.GetValue(_drafter) is not null || parsed.GetValue(_determinism) is not null
        || parsed.GetValue(_enableDeterministicInference) is > 0;

    /// <summary>Every request is to be deterministic.</summary>
    public bool IsDeterministicThroughout(ParseResult parsed) => parsed.GetValue(_enableDeterministicInference) is > 0;

    /// <summary>Deterministic requests are switched off.</summary>
    public bool RefusesDeterminism(ParseResult parsed) =>
        parsed.GetValue(_enableLlm42) is 0 || parsed.GetValue(_determinism) is DeterminismMode.Off;

    public void AddTo(Command command)
    {
        Option[] all =
        [
            _device, _threads, _plannedThreads, _isa, _weights, _weightCache, _kvDtype, _pageSize, _maxContext, _memoryLimit, _generationConfig, _prefillChunk, _noPrefixCache, _window,
            _verifyGroup, _chainedSteps, _noGraphs, _determinism, _drafter, _verifier, _skipMismatch, _enableLlm42, _enableDeterministicInference,
        ];
        foreach (Option option in all)
            command.Add(option);
    }

    public InferenceEngineOptions Read(ParseResult parsed)
    {
        DeterminismMode? determinism = parsed.GetValue(_determinism);
        DrafterKind? drafter = parsed.GetValue(_drafter);
        VerifierKind? verifier = parsed.GetValue(_verifier);
        if (IsDeterministicThroughout(parsed))
        {
            if (drafter is not (null or DrafterKind.None))
                throw new UsageException("--enable-deterministic-inference decodes without a drafter; leave --drafter out or make it none.");
            if (RefusesDeterminism(parsed))
                throw new UsageException("--enable-deterministic-inference contradicts --enable-llm42 0 and --determinism off; leave one out.");
            if (determinism is not (null or DeterminismMode.Invariant))
                throw new UsageException($"--enable-deterministic-inference is --determinism invariant; --determinism {EngineWords.Name(determinism.Value)} contradicts it.");
            determinism = DeterminismMode.Invariant;
        }
        else if (parsed.GetValue(_enableLlm42) is 0)
        {
            if (determinism is not (null or DeterminismMode.Off))
                throw new UsageException($"--enable-llm42 0 is --determinism off; --determinism {EngineWords.Name(determinism.Value)} contradicts it.");
            determinism = DeterminismMode.Off;
        }

        if (parsed.GetValue(_enableLlm42) is 3)
        {
            if (verifier is VerifierKind.Invariant)
                throw new UsageException("--enable-llm42 3 is --verifier fixed-shape; --verifier invariant contradicts it.");
            verifier = VerifierKind.FixedShape;
        }

        int window = parsed.GetValue(_window) ?? Defaults.Engine.Window;
        int verifyGroup = parsed.GetValue(_verifyGroup) ?? Defaults.Engine.VerifyGroup;
        DeviceChoice? device = parsed.GetValue(_device);
        return Defaults with
        {
            Backend = device?.Backend ?? Defaults.Backend,
            DeviceOrdinal = device?.Ordinal ?? Defaults.DeviceOrdinal,
            Threads = parsed.GetValue(_threads) ?? Defaults.Threads,
            PlannedThreads = parsed.GetValue(_plannedThreads) ?? Defaults.PlannedThreads,
            Isa = parsed.GetValue(_isa) ?? Defaults.Isa,
            UseGraphs = !parsed.GetValue(_noGraphs),
            KvDtype = parsed.GetValue(_kvDtype) ?? Defaults.KvDtype,
            WeightCache = parsed.GetValue(_weightCache) ?? Defaults.WeightCache,
            WeightFormat = parsed.GetValue(_weights) ?? Defaults.WeightFormat,
            PageSize = parsed.GetValue(_pageSize) ?? Defaults.PageSize,
            MaxContext = parsed.GetValue(_maxContext) ?? Defaults.MaxContext,
            MemoryLimit = parsed.GetValue(_memoryLimit) is { } mebibytes ? (long)mebibytes << 20 : Defaults.MemoryLimit,
            UseGenerationDefaults = parsed.GetValue(_generationConfig) is not "none",
            Engine = Defaults.Engine with
            {
                PrefillChunk = parsed.GetValue(_prefillChunk) ?? Defaults.Engine.PrefillChunk,
                PrefixCache = parsed.GetValue(_noPrefixCache) ? false : null,
                Window = window,
                VerifyGroup = verifyGroup,
                ChainedSteps = parsed.GetValue(_chainedSteps) ?? Defaults.Engine.ChainedSteps,
                MaxBatchTokens = RoomFor(window, verifyGroup, verifier ?? Defaults.Engine.Verifier),
                SkipMismatch = parsed.GetValue(_skipMismatch) ?? Defaults.Engine.SkipMismatch,
                Determinism = determinism ?? Defaults.Engine.Determinism,
                Drafter = drafter ?? Defaults.Engine.Drafter,
                Verifier = verifier ?? Defaults.Engine.Verifier,
            },
        };
    }

    /// <summary>Rows of a step: the default, or as many as the windows asked for need.</summary>
    private static int RoomFor(int window, int verifyGroup, VerifierKind verifier) => Math.Max(
        Defaults.Engine.MaxBatchTokens,
        Math.Max(
            Defaults.Engine.MaxSequences + window + 1,
            verifier == VerifierKind.FixedShape ? verifyGroup * (window + 1) : 0));
}
