using System.Globalization;
using Llm42.Cli.Options;
using Llm42.Core.Engine;
using Llm42.Native;

namespace Llm42.Cli.Stress;

/// <summary>
/// Makes configurations from a seed and a number. Every dimension is drawn whether or not the user fixed it, so that
/// fixing one leaves the others as they were.
/// </summary>
internal sealed class ConfigurationPlanner(
    InferenceEngineOptions given, StressOptions options, StressRequestSet requests, IReadOnlyList<CpuIsa> instructionSets,
    bool hasInt8Drafts)
{
    /// <summary>Rows of a step behind those that the settings need at least.</summary>
    private static readonly (string Word, int Rows)[] SpareRows = [("least", 0), ("some spare", 40), ("plenty", 1000)];

    private static readonly string[] CacheSizes = ["longest request", "one page more", "half as much again", "twice", "every sequence"];

    /// <summary>What chooses a mode on the command line.</summary>
    private static readonly string[] ModeOptions = ["--determinism", "--drafter", "--enable-deterministic-inference"];

    /// <summary>Ways to answer deterministic requests; most of them draft.</summary>
    private static readonly (DeterminismMode Determinism, DrafterKind Drafter)[] Modes =
    [
        (DeterminismMode.Auto, DrafterKind.Auto),
        (DeterminismMode.Auto, DrafterKind.Same),
        (DeterminismMode.Auto, DrafterKind.None),
        (DeterminismMode.Dvr, DrafterKind.Same),
        (DeterminismMode.Invariant, DrafterKind.Auto),
        (DeterminismMode.Auto, DrafterKind.Ngram),
        (DeterminismMode.Dvr, DrafterKind.Ngram),
    ];

    /// <summary>Ways more where the model has an int8 form beside its own.</summary>
    private static readonly (DeterminismMode Determinism, DrafterKind Drafter)[] Int8Modes =
    [
        (DeterminismMode.Auto, DrafterKind.Int8Weights),
        (DeterminismMode.Dvr, DrafterKind.Int8Weights),
    ];

    /// <summary>
    /// One in so many configurations runs without vector instructions, where the machine has any: dozens of times slower,
    /// it would else take all the time there is. Its load is smaller for the same reason.
    /// </summary>
    private const int PortableIn = 20;

    /// <summary>The configuration of a number.</summary>
    public StressConfiguration Plan(int number)
    {
        Random random = SeededRandom.Of(options.Seed, SeededRandom.Configuration, number);
        EngineOptions engine = given.Engine;
        int window = Draw(random, "--window", engine.Window, 1, 2, 4, 8, 16, 64);
        int verifyGroup = Draw(random, "--verify-group", engine.VerifyGroup, 1, 2, 3, 8);
        int prefillChunk = Draw(random, "--prefill-chunk", engine.PrefillChunk, 1, 3, 8, 17, 64, 512);
        int pageSize = Draw(random, "--page-size", given.PageSize, 8, 16, 32, 64, 128);
        int threads = Draw(random, "--threads", given.Threads, 1, 2);
        int plannedThreads = Draw(random, "--planned-threads", given.PlannedThreads, 0, 8, 64);
        CpuIsa isa = DrawInstructionSet(random);
        (DeterminismMode determinism, DrafterKind drafter) = DrawMode(random);
        bool prefixCache = Draw(random, "--no-prefix-cache", engine.PrefixCache ?? true, true, true, false);
        double skipMismatch = Draw(random, "--llm42-skip-mismatch", engine.SkipMismatch, 100, 100, 100, 100, 25, 50);
        int maxSequences = Pick(random, 1, 2, 3, 4, 8, 16, 32);
        string cacheSize = Pick(random, CacheSizes);
        (string spareRows, int rows) = Pick(random, SpareRows);
        int chainedSteps = Draw(random, "--chained-steps", engine.ChainedSteps, 1, 1, 2, 5, 16);
        bool checkIntegrity = random.Next(4) == 0;
        bool isSlow = isa == CpuIsa.Portable && !options.FixedOptions.Contains("--isa") && instructionSets.Count > 1;
        StressLoad load = StressLoad.Plan(
            requests, options.AnswersPerConfiguration, isSlow, SeededRandom.Of(options.Seed, SeededRandom.Load, number));

        InferenceEngineOptions settings = given with
        {
            Threads = threads,
            PlannedThreads = plannedThreads,
            Isa = isa,
            PageSize = pageSize,
            KvPages = KvPages(cacheSize, pageSize, maxSequences),
            Engine = engine with
            {
                MaxSequences = maxSequences,
                MaxBatchTokens = maxSequences + window + 1 + rows,
                PrefillChunk = prefillChunk,
                QueueCapacity = load.Arrivals.Count,
                Window = window,
                VerifyGroup = verifyGroup,
                ChainedSteps = chainedSteps,
                Determinism = determinism,
                Drafter = drafter,
                PrefixCache = prefixCache,
                SkipMismatch = skipMismatch,
                CheckIntegrity = checkIntegrity,
            },
        };
        return new StressConfiguration(number, settings, load,
        [
            Setting("window", window),
            Setting("verify_group", verifyGroup),
            Setting("prefill_chunk", prefillChunk),
            Setting("page_size", pageSize),
            Setting("kv_pages", cacheSize),
            Setting("max_sequences", maxSequences),
            Setting("max_batch_tokens", spareRows),
            Setting("threads", threads),
            Setting("planned_threads", plannedThreads),
            Setting("isa", EngineWords.Name(isa)),
            Setting("determinism", EngineWords.Name(determinism)),
            Setting("drafter", EngineWords.Name(drafter)),
            Setting("chained_steps", chainedSteps),
            Setting("prefix_cache", prefixCache ? "on" : "off"),
            Setting("skip_mismatch", skipMismatch),
            Setting("arrivals", load.Pattern),
            Setting("neighbours", load.Neighbours switch { 0 => "0", <= 4 => "1..4", <= 8 => "5..8", _ => "9..12" }),
            Setting("cancelled", load.Cancelled),
        ]);
    }

    private int KvPages(string cacheSize, int pageSize, int maxSequences)
    {
        int least = (requests.LongestPositions + pageSize - 1) / pageSize;
        return cacheSize switch
        {
            "longest request" => least,
            "one page more" => least + 1,
            "half as much again" => least + ((least + 1) / 2),
            "twice" => 2 * least,
            _ => Math.Max(2, maxSequences) * least,
        };
    }

    private CpuIsa DrawInstructionSet(Random random)
    {
        CpuIsa[] vector = [.. instructionSets.Where(isa => isa != CpuIsa.Portable)];
        bool isPortable = random.Next(PortableIn) == 0 || vector.Length == 0;
        CpuIsa drawn = vector.Length == 0 ? CpuIsa.Portable : Pick(random, vector);
        return options.FixedOptions.Contains("--isa") ? given.Isa : isPortable ? CpuIsa.Portable : drawn;
    }

    /// <summary>Mode and drafter go together: where the user chose one of them, both are the user's.</summary>
    private (DeterminismMode Determinism, DrafterKind Drafter) DrawMode(Random random)
    {
        (DeterminismMode Determinism, DrafterKind Drafter) drawn = Pick(random, hasInt8Drafts ? [.. Modes, .. Int8Modes] : Modes);
        return options.FixedOptions.Overlaps(ModeOptions) ? (given.Engine.Determinism, given.Engine.Drafter) : drawn;
    }

    private T Draw<T>(Random random, string option, T asked, params T[] values)
    {
        T drawn = Pick(random, values);
        return options.FixedOptions.Contains(option) ? asked : drawn;
    }

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];

    private static KeyValuePair<string, string> Setting(string name, string value) => new(name, value);

    private static KeyValuePair<string, string> Setting(string name, IFormattable value) =>
        new(name, value.ToString(null, CultureInfo.InvariantCulture));
}
