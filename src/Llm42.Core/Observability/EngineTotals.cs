using Llm42.Core.Execution;
using Llm42.Core.Requests;

namespace Llm42.Core.Observability;

/// <summary>The counts of an engine. Its thread adds to them; any thread reads and resets them.</summary>
internal sealed class EngineTotals
{
    private static readonly int Count = Enum.GetValues<Total>().Length;

    private readonly Lock _lock = new();
    private readonly long[] _sums = new long[Count];
    private readonly long[] _sumsAtReset = new long[Count];
    private EngineLoad _load;

    /// <summary>What the engine held when it last said so.</summary>
    public EngineLoad Load
    {
        get
        {
            lock (_lock)
                return _load;
        }

        set
        {
            lock (_lock)
                _load = value;
        }
    }

    /// <summary>
    /// Tokens rolled back over tokens committed to deterministic requests, since the engine started; 0 where none was.
    /// </summary>
    public double RecomputedShare
    {
        get
        {
            lock (_lock)
            {
                return EngineStatistics.ShareOf(
                    _sums[(int)Total.TokensRolledBack], _sums[(int)Total.DeterministicTokens]);
            }
        }
    }

    /// <summary>A sum since the engine started; a reset does not touch it.</summary>
    public long this[Total total]
    {
        get
        {
            lock (_lock)
                return _sums[(int)total];
        }
    }

    /// <summary>Counts a step under some numerics.</summary>
    public void AddSteps(Numerics numerics, int steps)
    {
        lock (_lock)
            _sums[(int)(numerics == Numerics.Invariant ? Total.InvariantSteps : Total.FastSteps)] += steps;
    }

    /// <summary>Counts what has been added to the sequences' own counts since the last time.</summary>
    public void AddNew(IReadOnlyList<Sequence> sequences)
    {
        Span<long> now = stackalloc long[Count];
        lock (_lock)
        {
            for (int index = 0; index < sequences.Count; index++)
            {
                Sequence sequence = sequences[index];
                long[] counted = sequence.Observation!.Counted ??= new long[Count];
                ReadCounts(sequence, now);
                for (int i = 0; i < now.Length; i++)
                    _sums[i] += now[i] - counted[i];
                now.CopyTo(counted);
            }
        }
    }

    /// <summary>Everything since the last reset.</summary>
    public EngineStatistics Read()
    {
        Span<long> since = stackalloc long[Count];
        EngineLoad load;
        lock (_lock)
        {
            load = _load;
            for (int i = 0; i < since.Length; i++)
                since[i] = _sums[i] - _sumsAtReset[i];
        }

        return new EngineStatistics
        {
            PromptTokens = since[(int)Total.PromptTokens],
            CachedTokens = since[(int)Total.CachedTokens],
            OrdinaryTokens = since[(int)Total.OrdinaryTokens],
            DeterministicTokens = since[(int)Total.DeterministicTokens],
            VerificationWindows = since[(int)Total.VerificationWindows],
            VerifyRows = since[(int)Total.VerifyRows],
            Rollbacks = since[(int)Total.Rollbacks],
            TokensRolledBack = since[(int)Total.TokensRolledBack],
            TokensDrafted = since[(int)Total.TokensDrafted],
            TokensAccepted = since[(int)Total.TokensAccepted],
            BonusTokens = since[(int)Total.BonusTokens],
            Preemptions = since[(int)Total.Preemptions],
            RequestsStopped = since[(int)Total.Stopped],
            RequestsAtLength = since[(int)Total.ReachedLength],
            RequestsCancelled = since[(int)Total.Cancelled],
            RequestsFailed = since[(int)Total.Failed],
            FastSteps = since[(int)Total.FastSteps],
            InvariantSteps = since[(int)Total.InvariantSteps],
            Load = load,
        };
    }

    /// <summary>Makes <see cref="Read"/> count from now on.</summary>
    public void Reset()
    {
        lock (_lock)
            _sums.CopyTo(_sumsAtReset, 0);
    }

    private static void ReadCounts(Sequence sequence, Span<long> counts)
    {
        counts.Clear();
        RequestStatistics statistics = sequence.Statistics;
        counts[(int)Total.PromptTokens] = sequence.PromptLength;
        counts[(int)Total.CachedTokens] = statistics.CachedTokens;
        counts[(int)(sequence.Request.IsDeterministic ? Total.DeterministicTokens : Total.OrdinaryTokens)] = sequence.CommittedCount;
        counts[(int)Total.VerificationWindows] = statistics.VerificationWindows;
        counts[(int)Total.VerifyRows] = statistics.VerifyRows;
        counts[(int)Total.Rollbacks] = statistics.Rollbacks;
        counts[(int)Total.TokensRolledBack] = statistics.TokensRolledBack;
        counts[(int)Total.TokensDrafted] = statistics.TokensDrafted;
        counts[(int)Total.TokensAccepted] = statistics.TokensAccepted;
        counts[(int)Total.BonusTokens] = statistics.BonusTokens;
        counts[(int)Total.Preemptions] = statistics.Preemptions;
        if (sequence.Observation!.Ending is { } ending)
            counts[(int)ending] = 1;
    }
}
