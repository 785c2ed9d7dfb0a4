using System.Globalization;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Observability;

/// <summary>
/// Is told what happens in an engine and turns it into totals, metrics and spans. Decides nothing. Called by the
/// engine thread, but for what says otherwise.
/// </summary>
internal sealed class EngineObserver : IDisposable
{
    private static int _unnamed;

    private readonly Scheduler _scheduler;
    private readonly TimeProvider _clock;
    private readonly EngineTotals _totals = new();
    private readonly EngineInstruments _instruments;
    private long? _stepStart;

    /// <summary>An observer of an engine.</summary>
    /// <param name="scheduler">Is asked what the engine holds.</param>
    /// <param name="name">Name of the engine; null for the next number.</param>
    /// <param name="clock">What durations are measured with.</param>
    public EngineObserver(Scheduler scheduler, string? name, TimeProvider clock)
    {
        _scheduler = scheduler;
        _clock = clock;
        Name = name ?? Interlocked.Increment(ref _unnamed).ToString(CultureInfo.InvariantCulture);
        UpdateLoad();
        _instruments = new EngineInstruments(Name, _totals);
    }

    /// <summary>Name of the engine.</summary>
    public string Name { get; }

    /// <summary>Totals since the last reset; from any thread.</summary>
    public EngineStatistics Statistics => _totals.Read();

    /// <summary>Sets the totals to zero; from any thread.</summary>
    public void ResetStatistics() => _totals.Reset();

    /// <summary>A request arrives; on its caller's thread.</summary>
    public RequestObservation Arrived(GenerationRequest request) =>
        new(_clock.GetTimestamp(), RequestActivity.Start(request, Name));

    /// <summary>A request that arrived is not taken; on its caller's thread.</summary>
    public static void Refused(RequestObservation observation, Exception error) =>
        RequestActivity.Stop(observation.Activity, error);

    /// <summary>The scheduler is about to form a batch.</summary>
    public void StepStarts() => _stepStart = _instruments.NeedTime ? _clock.GetTimestamp() : null;

    /// <summary>The scheduler has formed a batch, or found nothing to run.</summary>
    public void Planned(BatchPlan? plan)
    {
        if (_scheduler.Preempted.Count > 0)
        {
            _totals.AddNew(_scheduler.Preempted);
            foreach (Sequence sequence in _scheduler.Preempted)
                RequestActivity.AddEvent(sequence.Observation!.Activity, "llm42.preemption");
        }

        UpdateLoad();
        for (int i = 0; i < plan?.Segments.Count; i++)
        {
            RequestObservation observation = plan.Segments[i].Sequence.Observation!;
            if (!observation.HasRun && _stepStart is { } start)
                _instruments.RecordQueueTime(_clock.GetElapsedTime(observation.Arrival, start));
            observation.HasRun = true;
        }
    }

    /// <summary>A step has run and been applied.</summary>
    /// <param name="plan">What ran.</param>
    /// <param name="sequences">The sequences of its segments.</param>
    public void Stepped(BatchPlan plan, List<Sequence> sequences)
    {
        _totals.AddSteps(plan.Numerics, plan.Steps);
        _totals.AddNew(sequences);
        long? now = _instruments.NeedTime ? _clock.GetTimestamp() : null;
        if (now is { } end && _stepStart is { } start)
            _instruments.RecordStep(_clock.GetElapsedTime(start, end), plan.Numerics);
        foreach (Sequence sequence in sequences)
            SeeTokens(sequence.Observation!, sequence.CommittedCount, now);
    }

    /// <summary>A request has ended and left the scheduler; its caller does not know yet.</summary>
    public void Ended(Sequence sequence, Exception? error)
    {
        RequestObservation observation = sequence.Observation!;
        observation.Ending = error is not null ? Total.Failed : sequence.FinishReason switch
        {
            FinishReason.Stop => Total.Stopped,
            FinishReason.Length => Total.ReachedLength,
            _ => Total.Cancelled,
        };
        _totals.AddNew([sequence]);
        UpdateLoad();
        RequestActivity.Stop(observation.Activity, sequence, error);
    }

    /// <summary>Closes the instruments. The totals can still be read.</summary>
    public void Dispose() => _instruments.Dispose();

    private void SeeTokens(RequestObservation observation, int committed, long? now)
    {
        int added = committed - observation.SeenTokens;
        if (added == 0)
            return;
        if (observation.SeenTokens == 0)
        {
            RequestActivity.AddEvent(observation.Activity, "llm42.first_token");
            if (now is { } end)
                _instruments.RecordTimeToFirstToken(_clock.GetElapsedTime(observation.Arrival, end));
        }
        else if (now is { } end && observation.LastToken is { } last)
        {
            _instruments.RecordTimeBetweenTokens(_clock.GetElapsedTime(last, end));
        }

        for (int i = 1; i < added && now is not null; i++)
            _instruments.RecordTimeBetweenTokens(TimeSpan.Zero);
        observation.SeenTokens = committed;
        observation.LastToken = now;
    }

    private void UpdateLoad()
    {
        int available = _scheduler.Pool.AvailableCount;
        int cached = _scheduler.Pool.CachedCount;
        _totals.Load = new EngineLoad(
            _scheduler.Running.Count, _scheduler.Waiting.Count, available - cached, cached, _scheduler.Pool.PageCount - available);
    }
}
