namespace Llm42.Determinism.Tests.Schedules;

/// <summary>How often each event was seen, and at which places of the window drafts were rolled back.</summary>
internal sealed class Coverage
{
    private readonly int[] _counts = new int[Enum.GetValues<ScheduleEvent>().Length];
    private readonly HashSet<(int Window, int Place)> _rollbacks = [];

    /// <summary>Natural rollbacks by model.</summary>
    public Dictionary<string, int> NaturalRollbacks { get; } = [];

    /// <summary>Steps of all schedules.</summary>
    public int Steps { get; set; }

    /// <summary>Schedules that came to their end.</summary>
    public int Schedules { get; set; }

    /// <summary>Window sizes, each with a place of the first draft that was rolled back, from 0.</summary>
    public IReadOnlySet<(int Window, int Place)> Rollbacks => _rollbacks;

    public int this[ScheduleEvent kind] => _counts[(int)kind];

    public void Count(ScheduleEvent kind, bool seen = true, int times = 1) => _counts[(int)kind] += seen ? times : 0;

    public void CountRollbackAt(int window, int place) => _rollbacks.Add((window, place));

    public void CountNaturalRollback(string model, int times = 1) =>
        NaturalRollbacks[model] = NaturalRollbacks.GetValueOrDefault(model) + times;

    public void Add(Coverage other)
    {
        foreach ((string model, int times) in other.NaturalRollbacks)
            CountNaturalRollback(model, times);
        for (int i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
        _rollbacks.UnionWith(other._rollbacks);
        Steps += other.Steps;
        Schedules += other.Schedules;
    }

    public override string ToString() =>
        $"{Schedules} schedules, {Steps} steps: "
        + string.Join(", ", Enum.GetValues<ScheduleEvent>().Select(kind => $"{kind} {this[kind]}"));
}
