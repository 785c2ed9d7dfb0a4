using Llm42.Core.Engine;
using Llm42.Native;

namespace Llm42.Cli.Stress;

/// <summary>A model with the requests that are asked of it, and the answers of an idle engine to compare with.</summary>
internal sealed class StressSubject
{
    private readonly string _directory;
    private readonly ConfigurationPlanner _planner;

    private StressSubject(
        string directory, ModelDescription model, EngineDescription engine, ConfigurationPlanner planner, IReadOnlyList<StressAnswer> expected)
    {
        _directory = directory;
        Model = model;
        Engine = engine;
        _planner = planner;
        Expected = expected;
    }

    /// <summary>The model.</summary>
    public ModelDescription Model { get; }

    /// <summary>The idle engine.</summary>
    public EngineDescription Engine { get; }

    /// <summary>Its answers, by the number of the request.</summary>
    public IReadOnlyList<StressAnswer> Expected { get; }

    /// <summary>Answers every request alone: one at a time on one thread, nothing drafted, nothing cached.</summary>
    public static async Task<StressSubject> PrepareAsync(
        string directory, InferenceEngineOptions given, StressOptions options, IReadOnlyList<CpuIsa> instructionSets,
        Action<int> begin, Action step, CancellationToken cancellation)
    {
        InferenceEngineOptions idle = given with
        {
            Threads = 1,
            PlannedThreads = 0,
            Engine = given.Engine with
            {
                Drafter = DrafterKind.None,
                Determinism = DeterminismMode.Invariant,
                PrefixCache = false,
                SkipMismatch = 100,
            },
        };
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(directory, idle, null, cancellation).ConfigureAwait(false);
        var set = new StressRequestSet(engine.Model, engine.Tokenizer, options);
        begin(StressRequestSet.Count);
        var expected = new List<StressAnswer>();
        IReadOnlyList<int> lastAnswer = [];
        while (set.Requests.Count < StressRequestSet.Count)
        {
            StressRequest request = set.Add(lastAnswer);
            GenerationResult result = await engine.CompleteAsync(request.PromptIds, request.Options, cancellation).ConfigureAwait(false);
            expected.Add(StressAnswer.Complete(result.Tokens, result.Text, result.FinishReason, result.Statistics));
            lastAnswer = result.TokenIds;
            step();
        }

        // Experts have an int8 form on the cpu backend alone.
        bool hasInt8Drafts = (engine.Model.Experts == 0 || given.Backend == "cpu") && given.WeightFormat != "int8";
        var planner = new ConfigurationPlanner(given, options, set, instructionSets, hasInt8Drafts);
        return new StressSubject(directory, engine.Model, engine.Engine, planner, expected);
    }

    /// <summary>Tries a configuration: a fresh engine, its load, the comparison. Returns how many answers it asked for.</summary>
    /// <param name="number">Number of the configuration.</param>
    /// <param name="isDeterministic">The compared requests ask for determinism; without it they are a control.</param>
    /// <param name="totals">Takes what came of it.</param>
    /// <param name="cancellation">Ends it early.</param>
    public async Task<int> TryAsync(int number, bool isDeterministic, StressTotals totals, CancellationToken cancellation)
    {
        StressConfiguration configuration = _planner.Plan(number);
        StressLoad load = isDeterministic ? configuration.Load : configuration.Load.WithoutDeterminism();
        StressOutcome[] outcomes;
        try
        {
            await using InferenceEngine engine = await InferenceEngine.LoadAsync(_directory, configuration.Engine, null, cancellation).ConfigureAwait(false);
            outcomes = await LoadDriver.RunAsync(engine, load, cancellation).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // An engine that fails is a finding; the other configurations are tried.
        catch (Exception error) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            totals.AddFailure(configuration, error.Message);
            return load.Answers;
        }

        totals.Add(configuration, outcomes, Expected);
        return load.Answers;
    }
}
