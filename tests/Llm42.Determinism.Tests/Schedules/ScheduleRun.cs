using Llm42.Core.Execution;
using Llm42.Core.KvCache;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;
using Llm42.Core.Tests;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>One schedule, step by step on one thread, and its answers compared with what they must be.</summary>
internal sealed class ScheduleRun : IDisposable
{
    private const int MostSteps = 20_000;

    private readonly Schedule _schedule;
    private readonly Mutation _mutation;
    private readonly Coverage _coverage;
    private readonly PlantedExecutor _executor;
    private readonly ScheduleWatch _watch;
    private readonly SchedulerFaults _faults;
    private readonly Simulation _simulation;
    private readonly Dictionary<Sequence, Arrival> _sequences = [];

    private ScheduleRun(Schedule schedule, Coverage coverage, Mutation mutation, bool checksIntegrity)
    {
        _schedule = schedule;
        _mutation = mutation;
        _coverage = coverage;
        IModelExecutor model = schedule.Model.Open(
            schedule.Device, schedule.KvType, schedule.PageSize, schedule.Pages, schedule.MaxContext);
        _executor = new PlantedExecutor(model, schedule, mutation);
        _watch = new ScheduleWatch(schedule, _executor, coverage);
        _faults = new SchedulerFaults(mutation, _executor);
        // Steps of arbitrary length make the adaptive policy change its mind again and again.
        var clock = new Random(schedule.Seed);
        _simulation = new Simulation(_executor, mutation == Mutation.DraftsCommittedUnverified
            ? schedule.Options with { SkipMismatch = 0 }
            : schedule.Options)
        {
            ChecksIntegrity = checksIntegrity,
            CostOf = _ => TimeSpan.FromMicroseconds(clock.Next(1, 100)),
            Planned = plan =>
            {
                _watch.Planned(_simulation!, plan);
                _faults.Planned(_simulation!.Scheduler);
            },
            Applied = plan =>
            {
                _watch.Applied();
                _faults.Applied(plan, _simulation!.Scheduler);
            },
            Completed = plan =>
            {
                _faults.Completed(plan);
                _watch.Completed(_simulation!);
            },
        };
    }

    /// <summary>
    /// Runs a schedule; returns what was wrong with it, null if nothing was. With a fault planted the bookkeeping is
    /// checked only if asked for, so that the fault can reach the answers.
    /// </summary>
    public static string? Run(
        Schedule schedule, Coverage coverage, Mutation mutation = Mutation.None, bool checksIntegrity = false)
    {
        using var run = new ScheduleRun(schedule, coverage, mutation, checksIntegrity || mutation == Mutation.None);
        try
        {
            return run.RunToEnd() ?? run.Compare();
        }
#pragma warning disable CA1031 // Whatever a schedule brings to light is reported with the schedule.
        catch (Exception error)
        {
            return $"it threw {error}";
        }
#pragma warning restore CA1031
    }

    public void Dispose() => _executor.Dispose();

    private string? RunToEnd()
    {
        Queue<Arrival> arrivals = new(_schedule.Arrivals);
        List<(int Step, Sequence Sequence)> cancellations = [];
        for (int step = 0; ; step++)
        {
            while (arrivals.TryPeek(out Arrival? arrival) && arrival.Step <= step)
            {
                GenerationRequest request = arrivals.Dequeue().Request;
                Sequence sequence = _simulation.Add(_mutation == Mutation.ConstraintNotRolledBack && request.Constraint is { } constraint
                    ? request with { Constraint = new LeakyConstraint(constraint) }
                    : request);
                _sequences.Add(sequence, arrival);
                if (arrival.CancelAfter is { } steps)
                    cancellations.Add((step + steps, sequence));
            }

            foreach ((_, Sequence sequence) in cancellations.Where(c => c.Step == step && c.Sequence.FinishReason is null))
            {
                _watch.Cancelling(sequence);
                _simulation.Cancel(sequence);
            }

            _watch.BeforeStep(_simulation);
            _faults.BeforeStep(_simulation.Scheduler);
            if (!_simulation.Step() && arrivals.Count == 0)
                break;
            if (step == MostSteps)
                return $"no end after {MostSteps} steps";
        }

        _coverage.Schedules++;
        _coverage.Steps += _simulation.Plans.Count;
        PagePool pool = _simulation.Scheduler.Pool;
        return pool.AvailableCount == pool.PageCount
            ? null
            : $"{pool.AvailableCount} of {pool.PageCount} pages are free or cached when all is done";
    }

    private string? Compare()
    {
        foreach ((Sequence sequence, Arrival arrival) in _sequences)
        {
            if (!arrival.Request.IsDeterministic)
                continue;
            Transcript expected = CanonicalAnswers.Of(_schedule.Model, _schedule.KvType, _schedule.MaxContext, arrival.Request);
            Transcript actual = Transcript.Of(sequence);
            _coverage.Count(ScheduleEvent.AnswerCompared);
            _coverage.Count(ScheduleEvent.Int8Compared, _schedule.Model.IsInt8);
            _coverage.Count(ScheduleEvent.ScoredPrompt, sequence.PromptScores.Count > 0);
            string? difference = sequence.FinishReason == FinishReason.Cancelled
                ? expected.Beginning(actual.Lines.Count - 1, actual).DifferenceOf(actual)
                : expected.DifferenceOf(actual);
            if (difference is not null)
                return $"request {sequence.Id}: {difference}";
        }

        return null;
    }
}
