using System.Diagnostics;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>The contract over random schedules of a real model: a deterministic answer is a function of its request alone.</summary>
[TestClass]
public sealed class ScheduleTests
{
    private const int SchedulesPerRow = 50;

    private static readonly Coverage Seen = new();

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Rows => Enumerable.Range(0, 40).Select(row => new object[] { row * SchedulesPerRow });

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Answers_are_canonical_under_any_schedule(int firstSeed)
    {
        var clock = Stopwatch.StartNew();
        for (int seed = firstSeed; seed < firstSeed + SchedulesPerRow; seed++)
        {
            Schedule schedule = ScheduleGenerator.Draw(seed);
            string? failure = ScheduleRun.Run(schedule, Seen);
            if (failure is not null)
                Assert.Fail($"{failure}\n{schedule}");
        }
        TestContext.WriteLine($"{Seen} {clock.Elapsed} {string.Join(' ', Seen.Rollbacks.Order())}");
    }
}
