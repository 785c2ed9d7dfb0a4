using Llm42.Core.Requests;

namespace Llm42.Cli.Stress;

/// <summary>What a number of configurations came to.</summary>
internal sealed class StressTotals
{
    /// <summary>How many differences and failures are told one by one.</summary>
    private const int MostTold = 10;

    private readonly List<StressDifference> _differences = [];
    private readonly List<string> _failures = [];
    private readonly Dictionary<string, Dictionary<string, int>> _dimensions = [];

    /// <summary>Configurations tried.</summary>
    public int Configurations { get; private set; }

    /// <summary>Complete answers compared.</summary>
    public int Answers { get; private set; }

    /// <summary>Of these, answers to a request that had come to the same engine before.</summary>
    public int RepeatedAnswers { get; private set; }

    /// <summary>Cancelled answers compared as far as they came, one token or more.</summary>
    public int CancelledAnswers { get; private set; }

    /// <summary>Tokens compared.</summary>
    public long Tokens { get; private set; }

    /// <summary>Ordinary requests that ran to their end beside them.</summary>
    public int Neighbours { get; private set; }

    /// <summary>Answers, complete or cancelled, that differ from the idle engine's.</summary>
    public int Differing { get; private set; }

    /// <summary>Requests and engines that failed.</summary>
    public int Failed { get; private set; }

    public long VerificationWindows { get; private set; }

    public long Rollbacks { get; private set; }

    /// <summary>Rollbacks under configurations that force mismatches.</summary>
    public long ForcedRollbacks { get; private set; }

    public long TokensRolledBack { get; private set; }

    public long Preemptions { get; private set; }

    public long CachedTokens { get; private set; }

    /// <summary>The first differences.</summary>
    public IReadOnlyList<StressDifference> Differences => _differences;

    /// <summary>The first failures, in words.</summary>
    public IReadOnlyList<string> Failures => _failures;

    /// <summary>How many configurations had which value of which dimension; values in rising order.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> Dimensions => _dimensions.ToDictionary(
        dimension => dimension.Key,
        // The shorter text first: numbers come out in order.
        dimension => (IReadOnlyDictionary<string, int>)dimension.Value
            .OrderBy(value => value.Key.Length).ThenBy(value => value.Key, StringComparer.Ordinal)
            .ToDictionary());

    /// <summary>Counts a configuration whose engine could not be used.</summary>
    public void AddFailure(StressConfiguration configuration, string error)
    {
        AddConfiguration(configuration);
        Fail($"configuration {configuration.Number}: {error}");
    }

    /// <summary>Counts a configuration's outcomes and compares its answers.</summary>
    public void Add(StressConfiguration configuration, IEnumerable<StressOutcome> outcomes, IReadOnlyList<StressAnswer> expected)
    {
        AddConfiguration(configuration);
        foreach (StressOutcome outcome in outcomes)
        {
            if (outcome.Answer is not { } answer)
                Fail($"configuration {configuration.Number}, {Name(outcome.Arrival)}: {outcome.Error}");
            else if (outcome.Arrival.Number is { } number)
                Compare(configuration, outcome.Arrival, number, answer, expected[number]);
            else if (answer.IsComplete)
                Neighbours++;
        }
    }

    private static string Name(StressArrival arrival) => arrival.Number is { } number ? $"request {number}" : "a neighbour";

    private void AddConfiguration(StressConfiguration configuration)
    {
        Configurations++;
        foreach ((string name, string value) in configuration.Settings)
        {
            if (!_dimensions.TryGetValue(name, out Dictionary<string, int>? values))
                _dimensions.Add(name, values = []);
            values[value] = values.GetValueOrDefault(value) + 1;
        }
    }

    private void Compare(
        StressConfiguration configuration, StressArrival arrival, int number, StressAnswer answer, StressAnswer expected)
    {
        Tokens += answer.Tokens;
        if (answer.Statistics is { } statistics)
            AddAnswer(statistics, arrival.Repetition, configuration.ForcesRollbacks);
        else if (answer.Tokens > 0)
            CancelledAnswers++;

        if (answer.FirstDifference(expected) is not { } position)
            return;
        Differing++;
        if (_differences.Count < MostTold)
            _differences.Add(new StressDifference(
                configuration, number, arrival.Repetition, position, expected.WordAt(position), answer.WordAt(position)));
    }

    private void AddAnswer(RequestStatistics statistics, int repetition, bool forced)
    {
        Answers++;
        RepeatedAnswers += repetition > 0 ? 1 : 0;
        VerificationWindows += statistics.VerificationWindows;
        Rollbacks += statistics.Rollbacks;
        ForcedRollbacks += forced ? statistics.Rollbacks : 0;
        TokensRolledBack += statistics.TokensRolledBack;
        Preemptions += statistics.Preemptions;
        CachedTokens += statistics.CachedTokens;
    }

    private void Fail(string failure)
    {
        Failed++;
        if (_failures.Count < MostTold)
            _failures.Add(failure);
    }
}
