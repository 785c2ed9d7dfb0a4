using Llm42.Cli.Stress;

namespace Llm42.Cli.Serving;

/// <summary>Decides from the seeds alone what is sent, in what order and when.</summary>
internal static class ServingPlan
{
    /// <summary>More requests than any benchmark sends.</summary>
    public const int MostRequests = 1 << 20;

    private const int Selection = 101;
    private const int Order = 102;
    private const int Arrival = 103;
    private const int Determinism = 104;
    private const int Warmup = 105;

    /// <summary>The requests in the order of sending.</summary>
    public static IReadOnlyList<PlannedRequest> Of(ServingOptions options, IPromptSource prompts)
    {
        List<TimeSpan>? arrivals = options.RequestRate is { } rate
            ? Arrivals(rate, options.NumRequests, options.Duration, SeededRandom.Of(options.Seeds.Arrival, Arrival, 0))
            : null;
        int count = arrivals?.Count ?? options.NumRequests;
        var selected = prompts.Select(count, SeededRandom.Of(options.Seeds.Selection, Selection, 0));
        bool[] isDeterministic = Classes(count, options.DeterministicShare, SeededRandom.Of(options.Seeds.Determinism, Determinism, 0));
        int[] order = [.. Enumerable.Range(0, count)];
        SeededRandom.Of(options.Seeds.Order, Order, 0).Shuffle(order);
        return [.. order.Select((number, place) =>
            new PlannedRequest(number, selected[number].Prompt, selected[number].MaxTokens, isDeterministic[number])
            {
                ArrivesAt = arrivals?[place] ?? TimeSpan.Zero,
            })];
    }

    /// <summary>The requests before the measurement: others than those of it, as far as the prompts last.</summary>
    public static IReadOnlyList<PlannedRequest> WarmupOf(ServingOptions options, IPromptSource prompts) =>
        [.. prompts.Select(options.Warmup, SeededRandom.Of(options.Seeds.Selection, Warmup, 0))
            .Select((one, number) => new PlannedRequest(
                number, one.Prompt, one.MaxTokens, options.DeterministicShare > 0 && number < options.DeterministicShare * options.Warmup))];

    /// <summary>Times of a Poisson process: the gaps between them are exponentially distributed.</summary>
    private static List<TimeSpan> Arrivals(double rate, int count, TimeSpan? duration, Random random)
    {
        var times = new List<TimeSpan>();
        double seconds = 0;
        while (times.Count < count)
        {
            seconds -= Math.Log(1 - random.NextDouble()) / rate;
            if (duration is { } end && seconds >= end.TotalSeconds)
                break;
            times.Add(TimeSpan.FromSeconds(seconds));
        }

        return times;
    }

    /// <summary>Exactly the share, rounded to a whole request.</summary>
    private static bool[] Classes(int count, double share, Random random)
    {
        var classes = new bool[count];
        classes.AsSpan(0, (int)Math.Round(count * share, MidpointRounding.AwayFromZero)).Fill(true);
        random.Shuffle(classes);
        return classes;
    }
}
