using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Observability;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Tests.Observability;

/// <summary>Which rows' hashes are kept, and where two runs part.</summary>
[TestClass]
public sealed class LayerTraceTests
{
    private static readonly int[] Script = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25];

    private static readonly EngineOptions Options = new()
    {
        Window = 4, Determinism = DeterminismMode.Dvr, Drafter = DrafterKind.Same, MaxSequences = 8, MaxBatchTokens = 64,
    };

    [TestMethod]
    [DataRow(0, 0, "embedding")]
    [DataRow(3, 1, "layer 0 attention")]
    [DataRow(3, 2, "layer 0 mlp")]
    [DataRow(1, 3, "layer 1 attention")]
    [DataRow(1, 4, "layer 1 mlp")]
    [DataRow(2, 5, "logits")]
    public void A_difference_is_named_by_position_and_stage(int position, int stage, string name)
    {
        ulong[][] rows = Rows();
        LayerTrace trace = Trace(rows);
        rows[position][stage]++;
        // What follows from it does not matter: later stages and positions differ too.
        for (int later = stage + 1; later < 6; later++)
            rows[position][later]++;
        if (position < 3)
            rows[3][0]++;
        LayerTrace other = Trace(rows);
        Assert.AreEqual(new LayerDifference(position, name), trace.FirstDifference(other));
        Assert.AreEqual(new LayerDifference(position, name), other.FirstDifference(trace));
    }

    [TestMethod]
    public void Equal_traces_have_no_difference()
    {
        Assert.IsNull(Trace(Rows()).FirstDifference(Trace(Rows())));
        Assert.AreEqual(4 * 6, Trace(Rows()).HashCount);
    }

    [TestMethod]
    public void A_trace_that_ends_earlier_differs_at_its_end()
    {
        LayerTrace trace = Trace(Rows());
        LayerTrace shorter = Trace(Rows()[..2]);
        Assert.AreEqual(new LayerDifference(2, "end"), trace.FirstDifference(shorter));
        Assert.AreEqual(new LayerDifference(2, "end"), shorter.FirstDifference(trace));
    }

    [TestMethod]
    public void Logits_of_a_row_that_only_one_run_predicted_are_no_difference() =>
        Assert.IsNull(new LayerTrace([new RowHashes([1], 2)]).FirstDifference(new LayerTrace([new RowHashes([1], null)])));

    [TestMethod]
    public void Traces_of_different_models_are_refused()
    {
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(
            () => Trace(Rows()).FirstDifference(new LayerTrace([new RowHashes([1, 2, 3], 4)])));
        StringAssert.Contains(error.Message, "3 hashes, position 0 has 5", StringComparison.Ordinal);
        Assert.ThrowsExactly<ArgumentException>(() => new LayerTrace([new RowHashes([1], 4), new RowHashes([1, 2, 3], 4)]));
    }

    [TestMethod]
    public void Rows_that_were_rolled_back_leave_nothing()
    {
        Sequence sequence = Run(Captured(12), flips: new() { [3] = 99 });
        Assert.AreEqual(1, sequence.Statistics.Rollbacks);
        LayerTrace trace = sequence.ToLayerTrace()!;
        Assert.HasCount(5 + 11, trace.Rows);
        CollectionAssert.AreEqual(
            sequence.Tokens.Take(16).Select(token => (ulong)token).ToArray(), trace.Rows.Select(row => row.Residual[0]).ToArray());
        Assert.IsTrue(trace.Rows.All(row => row.Residual[1] == (ulong)Numerics.Invariant), "the row of a draft was kept");
        // Of the prompt only the last row is predicted.
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 16).Select(position => position < 4 ? null : (ulong?)position).ToArray(),
            trace.Rows.Select(row => row.Logits).ToArray());
    }

    [TestMethod]
    public void An_ordinary_request_keeps_its_decode_rows()
    {
        LayerTrace trace = Run(Captured(12) with { IsDeterministic = false }, flips: new() { [3] = 99 }).ToLayerTrace()!;
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 16).Select(position => (ulong)(position < 5 ? Numerics.Invariant : Numerics.Fast)).ToArray(),
            trace.Rows.Select(row => row.Residual[1]).ToArray());
        Assert.AreEqual(99UL, trace.Rows[5 + 3].Residual[0]);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(7)]
    [DataRow(12)]
    public void The_rows_are_those_of_the_answer_whatever_the_policy(int maxTokens)
    {
        // The stop token is a draft in the midst of a window, and a row is run behind it.
        GenerationRequest request = Captured(maxTokens) with { StopTokenIds = new HashSet<int> { 18 } };
        LayerTrace plain = Run(request, drafter: DrafterKind.None).ToLayerTrace()!;
        LayerTrace drafted = Run(request, flips: new() { [2] = 99 }).ToLayerTrace()!;
        Assert.IsNull(plain.FirstDifference(drafted));
        Assert.HasCount(5 + Math.Min(maxTokens, 9) - 1, plain.Rows);
    }

    [TestMethod]
    public void A_scored_prompt_has_a_row_for_each_token()
    {
        LayerTrace trace = Run(Captured(0) with { ScorePrompt = true }).ToLayerTrace()!;
        Assert.HasCount(5, trace.Rows);
        Assert.IsTrue(trace.Rows.All(row => row.Logits is not null));
    }

    [TestMethod]
    public void A_preemption_changes_nothing()
    {
        var simulation = new Simulation(new ScriptedModel(Script), Options);
        Sequence[] both = [.. Enumerable.Range(0, 2).Select(seed => simulation.Add(
            Requests.Of(230, 60, deterministic: true, (ulong)seed) with { CaptureLayers = true }))];
        simulation.Run();
        Assert.IsGreaterThan(0, both[1].Statistics.Preemptions, "the cache was large enough for both: nothing was shown");
        Sequence alone = Run(both[1].Request);
        Assert.IsNull(alone.ToLayerTrace()!.FirstDifference(both[1].ToLayerTrace()!));
        Assert.HasCount(289, alone.ToLayerTrace()!.Rows);
    }

    [TestMethod]
    public void Every_row_runs_though_the_prefix_cache_has_it()
    {
        var simulation = new Simulation(new ScriptedModel(Script), Options);
        for (int time = 0; time < 2; time++)
        {
            Sequence sequence = simulation.Add(Captured(12));
            simulation.Run();
            Assert.AreEqual(0, sequence.Statistics.CachedTokens);
            Assert.HasCount(16, sequence.ToLayerTrace()!.Rows);
        }
    }

    [TestMethod]
    public async Task A_completion_has_the_trace_that_was_asked_for_and_no_other()
    {
        await using var engine = new EngineLoop(new ScriptedModel(Script), Options);
        RequestHandle captured = engine.Submit(Captured(4));
        RequestHandle plain = engine.Submit(Captured(4) with { CaptureLayers = false });
        Assert.HasCount(8, (await captured.Completion).LayerTrace!.Rows);
        Assert.IsNull((await plain.Completion).LayerTrace);
    }

    [TestMethod]
    public async Task An_executor_that_makes_no_hashes_refuses()
    {
        await using var engine = new EngineLoop(new FakeModel(), Options);
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => engine.Submit(Captured(4)));
        StringAssert.Contains(error.Message, "CaptureLayers", StringComparison.Ordinal);
    }

    [TestMethod]
    public void An_executor_that_loses_hashes_is_found_out()
    {
        var simulation = new Simulation(new ScriptedModel(Script), Options);
        Sequence sequence = simulation.Add(Captured(4));
        BatchPlan plan = simulation.Scheduler.Next()!;
        StepResult result = new ScriptedModel(Script).Execute(plan);
        InvalidOperationException error = Assert.ThrowsExactly<InvalidOperationException>(
            () => new Verification.Verifier(Options).Apply(plan, result with { CapturedRows = [] }));
        StringAssert.Contains(error.Message, "hashes of 0 rows for 5", StringComparison.Ordinal);
        Assert.AreEqual(0, sequence.CommittedCount);
    }

    private static GenerationRequest Captured(int maxTokens) =>
        Requests.Of(5, maxTokens, deterministic: true) with { CaptureLayers = true };

    private static Sequence Run(GenerationRequest request, Dictionary<int, int>? flips = null, DrafterKind drafter = DrafterKind.Same)
    {
        var simulation = new Simulation(new ScriptedModel(Script, flips), Options with
        {
            Drafter = drafter,
            Determinism = drafter == DrafterKind.None ? DeterminismMode.Auto : DeterminismMode.Dvr,
        });
        Sequence sequence = simulation.Add(request);
        simulation.Run();
        return sequence;
    }

    /// <summary>Four rows of five stages and logits.</summary>
    private static ulong[][] Rows() =>
        [.. Enumerable.Range(0, 4).Select(row => Enumerable.Range(0, 6).Select(stage => (ulong)((10 * row) + stage)).ToArray())];

    private static LayerTrace Trace(ulong[][] rows) => new([.. rows.Select(row => new RowHashes(row[..5], row[5]))]);
}
