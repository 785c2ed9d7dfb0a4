using Llm42.Cli.Remote;
using Llm42.Cli.Serving;

namespace Llm42.Remote.Tests;

[TestClass]
public sealed class ServingPlanTests
{
    private static readonly ServingOptions Options = new()
    {
        RequestRate = 10,
        NumRequests = 50,
        DeterministicShare = 0.3,
        Seeds = new ServingSeeds(1, 2, 3, 4),
        InputLength = LengthDistribution.Parse("3-9")!,
        OutputLength = LengthDistribution.Parse("normal:20:5")!,
    };

    [TestMethod]
    public void Same_seeds_give_the_same_plan_in_every_process()
    {
        string plan = string.Join("; ", Plan(Options).Take(4).Select(request => FormattableString.Invariant(
            $"{request.Number} {string.Join(',', request.Prompt.Ids!)} {request.MaxTokens} {request.IsDeterministic} {request.ArrivesAt.TotalMilliseconds:0.000}")));
        Assert.AreEqual(
            "8 12,11,15,13,12,11,16 14 False 13.290; 13 17,13,11,10,11 31 True 163.510; 25 14,11,14,14,14,17,17,10 26 False 255.574; 6 13,15,16,17 23 False 352.997", plan);
        Assert.AreEqual(Describe(Plan(Options)), Describe(Plan(Options)));
    }

    [TestMethod]
    public void Each_seed_changes_its_own_matter_alone()
    {
        IReadOnlyList<PlannedRequest> plan = Plan(Options);
        IReadOnlyList<PlannedRequest> other = Plan(Options with { Seeds = Options.Seeds with { Arrival = 9 } });
        Assert.AreNotEqual(Times(plan), Times(other));
        Assert.AreEqual(Describe(plan, withTimes: false), Describe(other, withTimes: false));

        other = Plan(Options with { Seeds = Options.Seeds with { Order = 9 } });
        Assert.AreNotEqual(Describe(plan, withTimes: false), Describe(other, withTimes: false));
        Assert.AreEqual(Times(plan), Times(other));
        Assert.AreEqual(
            Describe([.. plan.OrderBy(one => one.Number)], withTimes: false), Describe([.. other.OrderBy(one => one.Number)], withTimes: false),
            "the same requests of the same classes in another order");

        other = Plan(Options with { Seeds = Options.Seeds with { Determinism = 9 } });
        Assert.AreEqual(Describe(Ordinary(plan)), Describe(Ordinary(other)));
        Assert.AreNotEqual(Describe(plan), Describe(other));

        other = Plan(Options with { Seeds = Options.Seeds with { Selection = 9 } });
        Assert.AreEqual(Times(plan), Times(other));
        CollectionAssert.AreEqual(plan.Select(one => (one.Number, one.IsDeterministic)).ToArray(), other.Select(one => (one.Number, one.IsDeterministic)).ToArray());
        Assert.AreNotEqual(Describe(plan), Describe(other));
    }

    [TestMethod]
    [DataRow(0.0, 0)]
    [DataRow(0.02, 2)]
    [DataRow(0.305, 31)]
    [DataRow(1.0, 100)]
    public void Share_of_deterministic_requests_is_exact(double share, int expected) => Assert.AreEqual(
        expected, Plan(Options with { DeterministicShare = share, NumRequests = 100 }).Count(one => one.IsDeterministic));

    [TestMethod]
    public void Gaps_are_exponentially_distributed_with_the_mean_of_the_rate()
    {
        const int Count = 20000;
        double[] times = [.. Plan(Options with { NumRequests = Count }).Select(one => one.ArrivesAt.TotalSeconds)];
        double[] gaps = [.. times.Select((time, i) => i == 0 ? time : time - times[i - 1])];
        Assert.IsTrue(gaps.All(gap => gap >= 0));
        double mean = gaps.Average();
        double deviation = Math.Sqrt(gaps.Average(gap => (gap - mean) * (gap - mean)));
        // The seed is fixed, so this either holds or does not; bounds are four standard errors.
        Assert.AreEqual(0.1, mean, 4 * 0.1 / Math.Sqrt(Count));
        Assert.AreEqual(1, deviation / mean, 4 / Math.Sqrt(Count));
        foreach (double t in (double[])[0.05, 0.1, 0.3])
            Assert.AreEqual(1 - Math.Exp(-t / 0.1), gaps.Count(gap => gap <= t) / (double)Count, 2 / Math.Sqrt(Count), $"share of gaps up to {t} s");
        Assert.AreNotEqual(gaps[0], gaps[1]);
    }

    [TestMethod]
    public void Duration_ends_the_arrivals()
    {
        IReadOnlyList<PlannedRequest> plan = Plan(Options with { NumRequests = ServingPlan.MostRequests, Duration = TimeSpan.FromSeconds(30) });
        Assert.IsLessThan(TimeSpan.FromSeconds(30), plan[^1].ArrivesAt);
        Assert.AreEqual(300.0, plan.Count, 70);
        Assert.HasCount(20, Plan(Options with { NumRequests = 20, Duration = TimeSpan.FromSeconds(30) }));
    }

    [TestMethod]
    public void Prompts_of_a_file_are_all_taken_before_one_is_taken_twice()
    {
        PromptLine[] lines = [.. Enumerable.Range(0, 7).Select(i => new PromptLine(new RemotePrompt { Text = $"p{i}" }, i == 3 ? 99 : null))];
        var plan = ServingPlan.Of(Options with { NumRequests = 17, OutputLength = LengthDistribution.Parse("5")! }, new FilePrompts(lines, LengthDistribution.Parse("5")!));
        int[] counts = [.. plan.CountBy(one => one.Prompt.Text!).Select(pair => pair.Value)];
        Assert.AreEqual((7, 2, 3), (counts.Length, counts.Min(), counts.Max()));
        Assert.IsTrue(plan.All(one => one.MaxTokens == (one.Prompt.Text == "p3" ? 99 : 5)));
    }

    [TestMethod]
    [DataRow("128", 128, 128, 128.0)]
    [DataRow("10-20", 10, 20, 15.0)]
    [DataRow("normal:500:100", 1, 1000, 500.0)]
    [DataRow("lognormal:100:0.5", 1, 2000, 113.31)]
    [DataRow("exponential:50", 1, 1000, 50.0)]
    public void Lengths(string text, int low, int high, double mean)
    {
        LengthDistribution lengths = LengthDistribution.Parse(text)!;
        var random = new Random(5);
        int[] drawn = [.. Enumerable.Range(0, 20000).Select(_ => lengths.Draw(random))];
        Assert.IsTrue(drawn.All(length => length >= low && length <= high), $"{drawn.Min()} to {drawn.Max()}");
        Assert.AreEqual(mean, drawn.Average(), 0.03 * mean);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("0")]
    [DataRow("-5")]
    [DataRow("9-3")]
    [DataRow("normal:5")]
    [DataRow("normal:5:-1")]
    [DataRow("normal:NaN:1")]
    [DataRow("exponential:1e9")]
    [DataRow("9999999999")]
    public void Lengths_that_are_none(string text) => Assert.IsNull(LengthDistribution.Parse(text));

    private static IReadOnlyList<PlannedRequest> Plan(ServingOptions options) =>
        ServingPlan.Of(options, new SyntheticPrompts(options.InputLength, options.OutputLength, [10, 11, 12, 13, 14, 15, 16, 17]));

    private static IReadOnlyList<PlannedRequest> Ordinary(IReadOnlyList<PlannedRequest> plan) => [.. plan.Select(one => one with { IsDeterministic = false })];

    private static string Times(IReadOnlyList<PlannedRequest> plan) => string.Join(' ', plan.Select(one => one.ArrivesAt.Ticks));

    private static string Describe(IReadOnlyList<PlannedRequest> plan, bool withTimes = true) => string.Join('\n', plan.Select(one =>
        $"{one.Number} {string.Join(',', one.Prompt.Ids!)} {one.MaxTokens} {one.IsDeterministic} {(withTimes ? one.ArrivesAt.Ticks : 0)}"));
}
