using System.Collections.Concurrent;
using System.Diagnostics;
using Llm42.Core.Execution;
using Llm42.Core.Observability;
using Llm42.Core.Profiling;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;
using Llm42.Core.Verification;

namespace Llm42.Core.Engine;

/// <summary>
/// The engine: one thread that owns sequences, pages and the executor. Requests come in and events go out through
/// channels. All public members may be used from any thread.
/// </summary>
public sealed class EngineLoop : IAsyncDisposable
{
    private readonly IModelExecutor _executor;
    private readonly EngineOptions _options;
    private readonly Scheduler _scheduler;
    private readonly Verifier _verifier;
    private readonly EngineObserver _observer;
    private readonly StepProfiler? _profiler;
    private readonly ConcurrentQueue<(Sequence Sequence, RequestHandle Handle)> _inbox = new();
    private readonly Dictionary<Sequence, RequestHandle> _handles = [];
    private readonly List<Sequence> _sequences = []; // of what is done now; kept, so that a step allocates nothing
    private readonly ManualResetEventSlim _wake = new(false);
    private readonly Lock _submission = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _nextId;
    private int _queued;
    private volatile bool _stopping;
    private volatile Exception? _failure;

    /// <summary>Starts an engine. It disposes the executor when it ends.</summary>
    /// <param name="executor">Runs the model.</param>
    /// <param name="options">Policy.</param>
    /// <param name="name">Tells the engine's metrics from those of others in the process; null for a number.</param>
    /// <param name="clock">Measures the durations among the metrics; null for the system's.</param>
    /// <param name="profiler">Is told where the time of the steps goes, by the executor as well; null for nobody.</param>
    public EngineLoop(
        IModelExecutor executor, EngineOptions options, string? name = null, TimeProvider? clock = null, StepProfiler? profiler = null)
    {
        _executor = executor;
        _options = options;
        _profiler = profiler;
        var history = new DraftHistory();
        _scheduler = new Scheduler(executor.Info, options, history);
        _verifier = new Verifier(options, history);
        _observer = new EngineObserver(_scheduler, name, clock ?? TimeProvider.System);
        // Without its creator's context: what that one has current is nothing to the requests of others.
        new Thread(Run) { Name = "llm42 engine", IsBackground = true }.UnsafeStart();
    }

    /// <summary>What the executor says of itself.</summary>
    public ExecutorInfo Info => _executor.Info;

    /// <summary>What its metrics and spans bear as llm42.engine.</summary>
    public string Name => _observer.Name;

    /// <summary>It takes requests: it was neither disposed nor ended by an error of its own.</summary>
    public bool IsRunning => !_stopping;

    /// <summary>Totals since the engine started or <see cref="ResetStatistics"/> was called last.</summary>
    public EngineStatistics Statistics => _observer.Statistics;

    /// <summary>Where the time of its steps went since then; null without a profiler.</summary>
    public StepProfile? Profile => _profiler?.Read();

    /// <summary>Makes <see cref="Statistics"/> and <see cref="Profile"/> count from zero. The counters of the meter go on.</summary>
    public void ResetStatistics()
    {
        _observer.ResetStatistics();
        _profiler?.Reset();
    }

    /// <summary>The engine thread's own; others may look at it once the engine has ended.</summary>
    internal Scheduler Scheduler => _scheduler;

    /// <summary>Queues a request.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellationToken">Ends the request early, as <see cref="RequestHandle.Cancel"/> does.</param>
    /// <exception cref="ArgumentException">A value is out of range, or the request can never fit.</exception>
    /// <exception cref="EngineQueueFullException">Too many requests are waiting.</exception>
    /// <exception cref="ObjectDisposedException">The engine was disposed.</exception>
    /// <exception cref="InvalidOperationException">The engine was ended by an error of its own, which is the inner exception.</exception>
    public RequestHandle Submit(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        RequestValidation.Validate(request, Info, _options);
        int limit = _scheduler.TokenLimitOf(request);
        var handle = new RequestHandle(limit, Wake);
        RequestObservation observation = _observer.Arrived(request);
        try
        {
            Enqueue(request, handle, limit, observation);
        }
        catch (Exception error)
        {
            EngineObserver.Refused(observation, error);
            throw;
        }

        if (cancellationToken.CanBeCanceled)
        {
            CancellationTokenRegistration registration = cancellationToken.Register(handle.Cancel);
            _ = handle.Completion.ContinueWith(
                _ => registration.Unregister(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        Wake();
        return handle;
    }

    /// <summary>Cancels every request, ends the thread and disposes the executor.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_submission)
            _stopping = true;
        Wake();
        await _stopped.Task.ConfigureAwait(false);
    }

    private void Enqueue(GenerationRequest request, RequestHandle handle, int limit, RequestObservation observation)
    {
        lock (_submission)
        {
            if (_failure is { } failure)
                throw new InvalidOperationException($"The engine was ended by an error, and takes no more requests: {failure.Message}", failure);
            ObjectDisposedException.ThrowIf(_stopping, this);
            if (Volatile.Read(ref _queued) >= _options.QueueCapacity)
                throw new EngineQueueFullException(_options.QueueCapacity);
            Interlocked.Increment(ref _queued);
            var sequence = new Sequence(_nextId++, request, Info.PageSize, limit) { Observation = observation };
            _inbox.Enqueue((sequence, handle));
        }
    }

    private void Wake() => _wake.Set();

    private void Run()
    {
        Exception? failure = null;
        try
        {
            while (!_stopping)
            {
                // Reset before looking: whatever arrives after the look sets it again.
                _wake.Reset();
                _profiler?.Start();
                Receive();
                if (!Step() && !_stopping)
                    _wake.Wait();
            }
        }
#pragma warning disable CA1031 // Whatever goes wrong here must reach the callers, not end the process.
        catch (Exception error)
        {
            failure = error;
        }
#pragma warning restore CA1031
        finally
        {
            End(failure);
        }
    }

    private void Receive()
    {
        while (_inbox.TryDequeue(out (Sequence Sequence, RequestHandle Handle) entry))
        {
            _handles.Add(entry.Sequence, entry.Handle);
            _scheduler.Add(entry.Sequence);
        }

        _sequences.Clear();
        foreach ((Sequence sequence, RequestHandle handle) in _handles)
        {
            if (!handle.IsCancelRequested)
                continue;
            sequence.FinishReason = FinishReason.Cancelled;
            _sequences.Add(sequence);
        }

        CompleteFinished(_sequences);
    }

    private bool Step()
    {
        long start = Stopwatch.GetTimestamp();
        _observer.StepStarts();
        BatchPlan? plan = _scheduler.Next();
        _observer.Planned(plan);
        Volatile.Write(ref _queued, _scheduler.Waiting.Count + _inbox.Count);
        if (plan is null)
            return false;

        _profiler?.Lap(StepPart.HostSchedule);
        StepResult result;
        try
        {
            for (int i = 0; i < plan.Copies.Count; i++)
            {
                _executor.CopyPage(plan.Copies[i].Source, plan.Copies[i].Destination);
                _profiler?.Lap(StepPart.CopyPage);
            }

            result = _executor.Execute(plan);
        }
#pragma warning disable CA1031 // The requests that the step was for fail with the executor's error; the others go on.
        catch (Exception error)
        {
            foreach (Sequence sequence in SequencesOf(plan))
                Fail(sequence, error);
            if (_options.CheckIntegrity)
                _scheduler.CheckIntegrity();
            return true;
        }
#pragma warning restore CA1031

        _verifier.Apply(plan, result);
        _scheduler.Complete(plan, Stopwatch.GetElapsedTime(start));
        _profiler?.Lap(StepPart.HostVerify);
        // Before the step's requests hear of it, so that who has an answer finds all of its steps.
        _profiler?.Add(plan);
        _sequences.Clear();
        for (int i = 0; i < plan.Segments.Count; i++)
            _sequences.Add(plan.Segments[i].Sequence);
        _observer.Stepped(plan, _sequences);
        Publish(_sequences);
        CompleteFinished(_sequences);
        if (_options.CheckIntegrity)
            _scheduler.CheckIntegrity();
        _profiler?.Lap(StepPart.HostPublish);
        _profiler?.Add(plan, isCounted: false);
        return true;
    }

    /// <summary>Sequences with rows in a plan, or with a page that it copies: these may wait for their first row.</summary>
    private List<Sequence> SequencesOf(BatchPlan plan)
    {
        HashSet<int> copied = [.. plan.Copies.Select(copy => copy.Destination)];
        return [.. plan.Segments
            .Select(segment => segment.Sequence)
            .Union(_scheduler.Running.Where(sequence => sequence.Blocks.Pages.Any(copied.Contains)))];
    }

    private void Publish(List<Sequence> sequences)
    {
        foreach (Sequence sequence in sequences)
        {
            RequestHandle handle = _handles[sequence];
            while (sequence.Outbox.TryDequeue(out TokenEvent token))
                handle.Publish(token);
        }
    }

    private void CompleteFinished(List<Sequence> sequences)
    {
        foreach (Sequence sequence in sequences)
        {
            if (sequence.FinishReason is not { } reason)
                continue;
            _scheduler.Remove(sequence);
            _observer.Ended(sequence, error: null);
            if (_handles.Remove(sequence, out RequestHandle? handle))
                handle.Complete(new RequestCompletion(
                    reason, sequence.PromptLength, sequence.CommittedCount, sequence.Statistics, sequence.PromptScores)
                {
                    LayerTrace = sequence.ToLayerTrace(),
                });
        }
    }

    private void Fail(Sequence sequence, Exception error)
    {
        _scheduler.Remove(sequence);
        _observer.Ended(sequence, error);
        if (_handles.Remove(sequence, out RequestHandle? handle))
            handle.Fail(error);
    }

    private void End(Exception? failure)
    {
        lock (_submission)
        {
            _failure = failure;
            _stopping = true;
        }

        while (_inbox.TryDequeue(out (Sequence Sequence, RequestHandle Handle) entry))
            _handles.Add(entry.Sequence, entry.Handle);
        foreach (Sequence sequence in _handles.Keys.ToList())
        {
            if (failure is not null)
            {
                Fail(sequence, failure);
                continue;
            }

            sequence.FinishReason = FinishReason.Cancelled;
            CompleteFinished([sequence]);
        }

        if (failure is null)
            _scheduler.End();
        try
        {
            using (_executor)
                _observer.Dispose();
            _stopped.SetResult();
        }
#pragma warning disable CA1031 // The error belongs to whoever disposes the engine.
        catch (Exception error)
        {
            _stopped.SetException(error);
        }
#pragma warning restore CA1031
    }
}
