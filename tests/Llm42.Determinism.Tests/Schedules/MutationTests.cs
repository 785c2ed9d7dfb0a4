namespace Llm42.Determinism.Tests.Schedules;

/// <summary>The schedules notice each of the faults that they are there to find.</summary>
[TestClass]
public sealed class MutationTests
{
    private const int Seeds = 200;

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Mutations =>
        Enum.GetValues<Mutation>().Where(m => m != Mutation.None).Select(m => new object[] { m });

    [TestMethod]
    [DynamicData(nameof(Mutations))]
    public void A_fault_is_noticed(object mutation)
    {
        int found = 0, threw = 0; List<int> seeds = [];
        for (int seed = 0; seed < Seeds; seed++)
        {
            string? failure = ScheduleRun.Run(ScheduleGenerator.Draw(seed), new Coverage(), (Mutation)mutation);
            if (failure is null) continue;
            if (failure.StartsWith("it threw", StringComparison.Ordinal)) { threw++; if (threw < 3) TestContext.WriteLine(failure[..300]); } else { found++; seeds.Add(seed); }
        }
        TestContext.WriteLine($"{mutation}: {found} found, {threw} threw: {string.Join(' ', seeds)}");
    }
}
