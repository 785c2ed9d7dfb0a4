using System.CommandLine;
using Llm42.Cli.Commands;
using Llm42.Cli.Machine;
using Llm42.Cli.Synthetic;
using Llm42.Cli.Throughput;
using Llm42.Core.Engine;

namespace Llm42.Remote.Tests;

[TestClass]
public sealed class ThroughputPlanTests
{
    private static readonly EngineVariant[] Variants =
        [new("bf16", DeterminismMode.Dvr, DrafterKind.Same, 8, 4), new("f32", DeterminismMode.Invariant, DrafterKind.None, 8, 4)];

    [TestMethod]
    public void Variants_follow_each_other_and_every_second_round_goes_backwards()
    {
        IReadOnlyList<ThroughputCase> cases = ThroughputPlan.Cases(Options(), WeightFormat.Bf16);
        Assert.HasCount(8, cases);
        for (int i = 0; i < cases.Count; i += 2)
        {
            Assert.AreEqual(cases[i] with { Variant = Variants[1] }, cases[i + 1]);
            Assert.AreEqual(Variants[0], cases[i].Variant);
        }

        CollectionAssert.AreEqual(cases.ToArray(), ThroughputPlan.Order(cases, 0).ToArray());
        CollectionAssert.AreEqual(cases.Reverse().ToArray(), ThroughputPlan.Order(cases, 1).ToArray());
    }

    [TestMethod]
    [DataRow(1, 0.0, 1, 0)]
    [DataRow(8, 1.0, 1, 8)]
    [DataRow(1, 0.02, 50, 1)]
    [DataRow(8, 0.05, 3, 1)]
    [DataRow(4, 0.1, 3, 1)]
    [DataRow(32, 0.2, 1, 6)]
    [DataRow(2, 0.5, 1, 1)]
    [DataRow(1, 0.0001, 64, 0)]
    public void Waves_hold_nearly_the_share(int batch, double share, int waves, int deterministic)
    {
        IReadOnlyList<bool[]> plan = ThroughputPlan.Waves(batch, share);
        Assert.HasCount(waves, plan);
        Assert.IsTrue(plan.All(wave => wave.Length == batch));
        Assert.AreEqual(deterministic, plan.Sum(wave => wave.Count(isDeterministic => isDeterministic)));
    }

    [TestMethod]
    public void Llama_cpp_has_the_formats_that_the_engine_lacks_beside_the_first()
    {
        ThroughputOptions options = Options() with
        {
            PeerFolder = "x", PeerWeights = [WeightFormat.Bf16, WeightFormat.Q8], Weights = [WeightFormat.F32, WeightFormat.Bf16], Batches = [1],
        };
        CollectionAssert.AreEqual(new[] { (WeightFormat.Q8, 1) }, ThroughputPlan.PeerCases(options, WeightFormat.F32).ToArray());
        CollectionAssert.AreEqual(new[] { (WeightFormat.Bf16, 1) }, ThroughputPlan.PeerCases(options, WeightFormat.Bf16).ToArray());
        Assert.IsEmpty(ThroughputPlan.PeerCases(options with { PeerFolder = null }, WeightFormat.Bf16));

        // What comes next to int8 is q8_0.
        ThroughputOptions int8 = options with { Weights = [WeightFormat.Bf16, WeightFormat.Int8] };
        CollectionAssert.AreEqual(new[] { (WeightFormat.Bf16, 1) }, ThroughputPlan.PeerCases(int8, WeightFormat.Bf16).ToArray());
        CollectionAssert.AreEqual(new[] { (WeightFormat.Q8, 1) }, ThroughputPlan.PeerCases(int8, WeightFormat.Int8).ToArray());
    }

    [TestMethod]
    public void Int8_weights_have_no_int8_drafts()
    {
        ThroughputOptions options = Options() with { Variants = [.. Variants, Variants[0] with { Drafter = DrafterKind.Int8Weights }] };
        Assert.HasCount(12, ThroughputPlan.Cases(options, WeightFormat.Bf16));
        Assert.HasCount(8, ThroughputPlan.Cases(options, WeightFormat.Int8));
    }

    [TestMethod]
    public void Prompts_of_a_text_are_its_pieces()
    {
        int[] text = [.. Enumerable.Range(100, 50)];
        int[][] pieces = ThroughputPrompts.Pieces(text, number: 3, count: 8, length: 16);
        foreach (int[] piece in pieces)
            CollectionAssert.AreEqual(Enumerable.Range(piece[0], 16).ToArray(), piece);
        Assert.IsGreaterThan(1, pieces.Select(piece => piece[0]).Distinct().Count());
        CollectionAssert.AreEqual(pieces[1], ThroughputPrompts.Pieces(text, 3, 8, 16)[1]);
        CollectionAssert.AreEqual(text, ThroughputPrompts.Pieces(text, 1, 1, 50)[0]);
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => ThroughputPrompts.Pieces(text, 1, 1, 51)).Message, "has 50 tokens", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Prompts_differ_by_number_and_come_again()
    {
        int[][] prompts = ThroughputPlan.Prompts(7, 2, 16, 100);
        CollectionAssert.AreEqual(prompts[1], ThroughputPlan.Prompts(7, 2, 16, 100)[1]);
        CollectionAssert.AreNotEqual(prompts[0], prompts[1]);
        CollectionAssert.AreNotEqual(prompts[0], ThroughputPlan.Prompts(8, 2, 16, 100)[0]);

        // An engine that has seen a prompt reads it out of its cache.
        int[] warm = ThroughputPlan.Prompts(ThroughputPlan.NumberOf(ThroughputPlan.WarmUp, 0), 1, 16, 100)[0];
        for (int sample = 0; sample < 200; sample++)
            CollectionAssert.AreNotEqual(warm, ThroughputPlan.Prompts(ThroughputPlan.NumberOf(sample, 0), 1, 16, 100)[0], $"sample {sample}");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ThroughputPlan.Prompts(-1, 1, 16, 100));
    }

    /// <summary>Published and stated counts of parameters follow from the dimensions.</summary>
    [TestMethod]
    [DataRow("llama-125m", 124_668_672)]
    [DataRow("qwen3-0.6b", 596_049_920)]
    [DataRow("mixtral-8x-215m", 215_261_696)]
    [DataRow("llama-3.1-8b", 8_030_261_248)]
    public void Shapes_have_their_parameters(string name, long parameters) =>
        Assert.AreEqual(parameters, new ModelCost(ModelShape.Synthetic.Single(shape => shape.Name == name), 2, 2).Parameters);

    [TestMethod]
    public void A_step_reads_the_weights_once_for_the_whole_batch()
    {
        var cost = new ModelCost(ModelShape.Synthetic[0], 2, 2);
        double context = 2.0 * 12 * 256 * 10 * 2; // Keys and values of 10 positions.
        Assert.AreEqual(8 * (cost.DecodeBytes(8, 10) - context), cost.DecodeBytes(1, 10) - context, 1);
        Assert.IsGreaterThan(cost.PrefillFlops(512), cost.DecodeFlops(256));
    }

    [TestMethod]
    public void Others_are_what_the_processors_did_and_this_process_did_not()
    {
        Queue<(double, double)?> machine = new([(10, 100), (14, 120), (20, 200), (21, 210)]);
        Queue<double> own = new([1, 4, 7, 8]);
        var load = new OtherLoad(machine.Dequeue, own.Dequeue);
        Assert.IsNull(load.IsIdle);
        load.Begin();
        load.End();
        Assert.AreEqual(0.05, load.Share!.Value, 1e-12);
        load.Begin();
        load.End();
        Assert.AreEqual(1 / 30.0, load.Share!.Value, 1e-12);
        Assert.IsTrue(load.IsIdle);
        Assert.AreEqual((1.5, 3.8), OtherLoad.Parse("cpu  100 10 20 200 30 5 15 0 0 0"));
        Assert.IsNull(OtherLoad.Parse("cpu 1 2 x"));
        Assert.IsNull(OtherLoad.Parse(null));
    }

    [TestMethod]
    [DataRow("--shape has 'gpt'", "throughput", "--shape", "gpt")]
    [DataRow("--batch is '0'", "throughput", "--batch", "0")]
    [DataRow("--batch is '1,1'", "throughput", "--batch", "1,1")]
    [DataRow("--deterministic-share is '1.5'", "throughput", "--deterministic-share", "1.5")]
    [DataRow("exclude each other", "throughput", "--determinism", "dvr", "--drafter", "none")]
    [DataRow("must end in .html or .svg", "throughput", "--report", "x.pdf")]
    [DataRow("--weights int8 and --drafter int8 exclude each other", "throughput", "--weights", "int8", "--drafter", "int8")]
    [DataRow("--weights has original", "throughput", "--weights", "original")]
    [DataRow("--weights has bf16", "throughput", "--model", "demo", "--weights", "bf16")]
    [DataRow("--model excludes --shape", "throughput", "--model", "demo", "--shape", "tiny")]
    [DataRow("--prompt-file needs --model", "throughput", "--prompt-file", "x.txt")]
    [DataRow("--acceptance is '1.5'", "throughput", "--acceptance", "1.5")]
    [DataRow("--window is '0'", "sweep", "--window", "0")]
    [DataRow("--shape has several models", "sweep", "--shape", "tiny,llama-125m")]
    public async Task Senseless_flags_are_refused(string words, params string[] arguments)
    {
        ParseResult parsed = new Command("llm42") { BenchCommand.Create() }.Parse(["bench", .. arguments]);
        if (parsed.Errors.Count > 0)
        {
            StringAssert.Contains(parsed.Errors[0].Message, words, StringComparison.Ordinal);
            return;
        }

        TextWriter before = Console.Error;
        using var error = new StringWriter();
        Console.SetError(error);
        try
        {
            Assert.AreEqual(2, await parsed.InvokeAsync());
        }
        finally
        {
            Console.SetError(before);
        }

        StringAssert.Contains(error.ToString(), words, StringComparison.Ordinal);
    }

    private static ThroughputOptions Options() => new()
    {
        Shapes = [ModelShape.Synthetic[0]], Weights = [WeightFormat.Bf16], Variants = Variants, Batches = [1, 8], Shares = [0, 1],
    };
}
