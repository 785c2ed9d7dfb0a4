namespace Llm42.Cli.Stress;

/// <summary>What is asked of an engine.</summary>
/// <param name="Arrivals">The requests in order of arrival.</param>
/// <param name="Answers">The requests among them whose answers are compared to their end.</param>
/// <param name="Pattern">"burst": all at once; "trickle": one by one with pauses; "waves": several at once, then silence.</param>
/// <param name="Neighbours">Ordinary requests among them that run to their end.</param>
/// <param name="Cancelled">Requests among them that are cancelled.</param>
internal sealed record StressLoad(IReadOnlyList<StressArrival> Arrivals, int Answers, string Pattern, int Neighbours, int Cancelled)
{
    private const int MostNeighbours = 12;
    private const int MostCancelled = 4;
    private const int LongestPause = 24;
    private const int LargestWave = 8;

    /// <summary>A slow engine gets this part of a load.</summary>
    private const int SlowPart = 10;

    private static readonly string[] Patterns = ["burst", "trickle", "waves"];

    /// <summary>A random load.</summary>
    /// <param name="set">The requests to draw from.</param>
    /// <param name="answers">Answers to compare; a slow engine has to give fewer, but one at least.</param>
    /// <param name="isSlow">The engine is dozens of times slower than others.</param>
    /// <param name="random">Decides.</param>
    public static StressLoad Plan(StressRequestSet set, int answers, bool isSlow, Random random)
    {
        string pattern = Patterns[random.Next(Patterns.Length)];
        int neighbours = random.Next(3) == 0 ? 0 : random.Next(1, MostNeighbours + 1);
        int cancelled = random.Next(2) == 0 ? 0 : random.Next(1, MostCancelled + 1);
        if (isSlow)
            (answers, neighbours, cancelled) = (Math.Max(1, answers / SlowPart), (neighbours + 3) / 4, (cancelled + 3) / 4);
        // Few different ones come again and again, and find their own keys and values in the prefix cache.
        int distinct = random.Next(3) == 0 ? random.Next(1, 5) : set.Requests.Count;
        int first = random.Next(set.Requests.Count);

        var requests = new List<(int? Number, int? CancelAfter)>();
        for (int i = 0; i < answers; i++)
            requests.Add((Number(), null));
        for (int i = 0; i < neighbours; i++)
            requests.Add((null, null));
        for (int i = 0; i < cancelled; i++)
            requests.Add((random.Next(2) == 0 ? Number() : null, random.Next(12)));
        (int? Number, int? CancelAfter)[] order = [.. requests];
        random.Shuffle(order);

        var repetitions = new int[set.Requests.Count];
        var arrivals = new List<StressArrival>();
        foreach ((int? number, int? cancelAfter) in order)
        {
            StressRequest request = number is { } known ? set.Requests[known] : Neighbour();
            int repetition = number is { } repeated ? repetitions[repeated]++ : 0;
            arrivals.Add(new StressArrival(number, repetition, request, Pause(pattern, random), cancelAfter));
        }

        return new StressLoad(arrivals, answers, pattern, neighbours, cancelled);

        // Half of the neighbours ask what a compared request goes on from, and leave keys and values of fast numerics.
        StressRequest Neighbour() => random.Next(2) == 0 ? WithoutDeterminism(set.OpeningOf(Number())) : set.Neighbour(random);

        int Number() => (first + random.Next(distinct)) % set.Requests.Count;
    }

    /// <summary>The same without determinism.</summary>
    public StressLoad WithoutDeterminism() => this with
    {
        Arrivals = [.. Arrivals.Select(arrival => arrival with
        {
            Request = WithoutDeterminism(arrival.Request),
        })],
    };

    private static StressRequest WithoutDeterminism(StressRequest request) =>
        request with { Options = request.Options with { IsDeterministic = false } };

    private static int? Pause(string pattern, Random random) => pattern switch
    {
        "burst" => 0,
        "trickle" => random.Next(LongestPause),
        _ => random.Next(LargestWave) == 0 ? null : 0,
    };
}
