using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;
using Llm42.Core.Verification;

namespace Llm42.Core.Tests;

/// <summary>Scheduler, model and verifier without a thread: one call is one step, so that runs repeat.</summary>
internal sealed class Simulation
{
    private readonly IModelExecutor _model;
    private readonly Verifier _verifier;
    private long _nextId;

    public Simulation(IModelExecutor model, EngineOptions options)
    {
        _model = model;
        var history = new DraftHistory();
        Scheduler = new Scheduler(model.Info, options, history);
        _verifier = new Verifier(options, history);
    }

    public Scheduler Scheduler { get; }

    public List<BatchPlan> Plans { get; } = [];

    /// <summary>Check the bookkeeping after every step; off only where a planted fault shall reach the answers.</summary>
    public bool ChecksIntegrity { get; init; } = true;

    /// <summary>Called with each plan before it runs.</summary>
    public Action<BatchPlan>? Planned { get; init; }

    /// <summary>Called with each plan once its predictions were applied.</summary>
    public Action<BatchPlan>? Applied { get; init; }

    /// <summary>Called with each plan once its pages were published.</summary>
    public Action<BatchPlan>? Completed { get; init; }

    /// <summary>What the scheduler is told that a step took.</summary>
    public Func<BatchPlan, TimeSpan> CostOf { get; init; } = _ => TimeSpan.Zero;

    public Sequence Add(GenerationRequest request)
    {
        var sequence = new Sequence(_nextId++, request, _model.Info.PageSize, Scheduler.TokenLimitOf(request));
        Scheduler.Add(sequence);
        return sequence;
    }

    /// <summary>Ends a request early, between two steps.</summary>
    public void Cancel(Sequence sequence)
    {
        sequence.FinishReason = FinishReason.Cancelled;
        Scheduler.Remove(sequence);
    }

    /// <summary>Runs one step; false if there was nothing to do.</summary>
    public bool Step()
    {
        BatchPlan? plan = Scheduler.Next();
        if (plan is null)
            return false;
        Plans.Add(plan with { Segments = [.. plan.Segments], Copies = [.. plan.Copies] }); // the scheduler reuses its own
        Planned?.Invoke(plan);
        foreach (PageCopy copy in plan.Copies)
            _model.CopyPage(copy.Source, copy.Destination);
        StepResult result = _model.Execute(plan);
        _verifier.Apply(plan, result);
        Applied?.Invoke(plan);
        Scheduler.Complete(plan, CostOf(plan));
        Completed?.Invoke(plan);
        foreach (BatchSegment segment in plan.Segments)
        {
            if (segment.Sequence.FinishReason is not null)
                Scheduler.Remove(segment.Sequence);
        }

        if (ChecksIntegrity)
            Scheduler.CheckIntegrity();
        return true;
    }

    /// <summary>Runs until nothing is left; fails after <paramref name="limit"/> steps without an end.</summary>
    public void Run(int limit = 100_000)
    {
        for (int step = 0; Step(); step++)
            Assert.IsLessThan(limit, step, "the engine makes no progress");
    }

    public static int[] AnswerOf(Sequence sequence) => [.. sequence.Tokens.Skip(sequence.PromptLength)];
}
