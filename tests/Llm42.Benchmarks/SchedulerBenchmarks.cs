using BenchmarkDotNet.Attributes;
using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;
using Llm42.Core.Verification;

namespace Llm42.Benchmarks;

/// <summary>What scheduling and verification cost per step, with a model that costs nothing.</summary>
[MemoryDiagnoser]
public class SchedulerBenchmarks
{
    private const int Steps = 256;

    /// <summary>Requests that run at once.</summary>
    [Params(1, 16, 64)]
    public int Concurrency { get; set; }

    /// <summary>Whether they draft and verify.</summary>
    [Params(false, true)]
    public bool Deterministic { get; set; }

    [Benchmark(OperationsPerInvoke = Steps)]
    public int Step()
    {
        var info = new ExecutorInfo(1000, 4096, 16, 16384, false, "none");
        var options = new EngineOptions { Drafter = DrafterKind.Same };
        var scheduler = new Scheduler(info, options);
        var verifier = new Verifier(options);
        for (int i = 0; i < Concurrency; i++)
        {
            var request = new GenerationRequest { PromptIds = [1, 2, 3], MaxTokens = 2000, IsDeterministic = Deterministic };
            scheduler.Add(new Sequence(i, request, info.PageSize, request.MaxTokens));
        }

        int rows = 0;
        for (int step = 0; step < Steps; step++)
        {
            BatchPlan plan = scheduler.Next()!;
            var predictions = new RowPrediction[plan.PredictedRows];
            Array.Fill(predictions, new RowPrediction(7, -1, 1));
            verifier.Apply(plan, new StepResult(predictions));
            rows += plan.Rows;
        }

        return rows;
    }
}
