using Llm42.Core.Engine;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Tests;

/// <summary>Prompts, windows and decode rows share a step: nobody waits for another request's verify pass or prompt.</summary>
[TestClass]
public sealed class FusedStepTests
{
    [TestMethod]
    [DataRow(DeterminismMode.Auto)]
    [DataRow(DeterminismMode.Dvr)]
    [DataRow(DeterminismMode.Invariant)]
    public void Every_ordinary_sequence_gets_a_token_in_every_step(DeterminismMode mode)
    {
        (int mixed, int paused) = Run(new EngineOptions { Determinism = mode, Window = 8, MaxSequences = 20, MaxBatchTokens = 64, PrefillChunk = 16 });
        Assert.IsGreaterThan(mode == DeterminismMode.Invariant ? 0 : 10, mixed, "hardly a step held windows or prompts beside decode rows: nothing was shown");
        Assert.AreEqual(0, paused);
    }

    [TestMethod]
    public void The_fixed_shape_verifier_does_pause_them()
    {
        (_, int paused) = Run(new EngineOptions { Verifier = VerifierKind.FixedShape, Window = 8, VerifyGroup = 4, MaxSequences = 20, MaxBatchTokens = 64 });
        Assert.IsGreaterThan(10, paused);
    }

    /// <summary>Steps that mixed kinds beside ordinary decode rows, and rows that ordinary sequences were denied.</summary>
    private static (int Mixed, int Paused) Run(EngineOptions options)
    {
        var random = new Random(1);
        var model = new FakeModel();
        var simulation = new Simulation(model, options) { CostOf = _ => TimeSpan.FromMicroseconds(random.Next(1, 100)) };
        int mixed = 0, paused = 0;
        model.OnExecute = plan =>
        {
            Sequence[] decoding = [.. simulation.Scheduler.Running.Where(s => !s.NeedsPrefill && !s.Request.IsDeterministic)];
            paused += decoding.Count(s => plan.Segments.All(segment => segment.Sequence != s));
            mixed += decoding.Length > 0 && plan.Segments.Any(segment => segment.Rows > 1) ? 1 : 0;
            Assert.IsLessThanOrEqualTo(options.MaxBatchTokens, plan.Rows);
        };
        for (int i = 0; i < 40; i++)
        {
            simulation.Add(Requests.Of(1 + random.Next(60), 40, deterministic: i % 2 == 0, (ulong)i));
            for (int steps = random.Next(12); steps > 0; steps--)
                simulation.Step();
        }

        simulation.Run();
        return (mixed, paused);
    }
}
