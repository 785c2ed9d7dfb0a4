using System.Diagnostics;
using System.Globalization;
using Llm42.Testing;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>The contract over random schedules of a real model: a deterministic answer is a function of its request alone.</summary>
[TestClass]
public sealed class ScheduleTests
{
    /// <summary>How many minutes to go on with fresh seeds; `./build.sh test --soak MINUTES` sets it.</summary>
    private const string SoakVariable = "LLM42_SOAK_MINUTES";

    private const string SoakLog = "artifacts/test-results/soak.log";

    private const int SchedulesPerRow = 50;
    private const int RowCount = 40;

    private static readonly Dictionary<int, (string? Failure, Coverage Seen)> RowResults = [];

    public TestContext TestContext { get; set; } = null!;

    /// <summary>First seeds.</summary>
    public static IEnumerable<object[]> Rows => Enumerable.Range(0, RowCount).Select(row => new object[] { row * SchedulesPerRow });

    /// <summary>Kind of event, and how many of them the schedules must hold.</summary>
    public static IEnumerable<object[]> Floors =>
        from floor in new (ScheduleEvent Kind, int Least)[]
        {
            (ScheduleEvent.NaturalRollback, 1000),
            (ScheduleEvent.ForcedRollback, 4000),
            (ScheduleEvent.Preemption, 300),
            (ScheduleEvent.PreemptionWithDrafts, 25),
            (ScheduleEvent.CacheHit, 1000),
            (ScheduleEvent.FullPromptHit, 100),
            (ScheduleEvent.PartialPageHit, 250),
            (ScheduleEvent.PageCopy, 300),
            (ScheduleEvent.Cancellation, 200),
            (ScheduleEvent.CancellationWithDrafts, 30),
            (ScheduleEvent.GroupOfWindows, 400),
            (ScheduleEvent.FusedStep, 150),
            (ScheduleEvent.Eviction, 700),
            (ScheduleEvent.PageFilledTwice, 700),
            (ScheduleEvent.WindowCutByStop, 25),
            (ScheduleEvent.WindowCutByLength, 200),
            (ScheduleEvent.StopTakenBack, 500),
            (ScheduleEvent.RollbackOverPageEdge, 1000),
            (ScheduleEvent.CommittedWithoutDraft, 3000),
            (ScheduleEvent.Chain, 3000),
            (ScheduleEvent.ChainCut, 100),
            (ScheduleEvent.OtherWeights, 1000),
            (ScheduleEvent.LookedUp, 500),
            (ScheduleEvent.Int8Compared, 500),
            (ScheduleEvent.ScoredPrompt, 200),
            (ScheduleEvent.AnswerCompared, 4000),
        }
        select new object[] { floor.Kind.ToString(), floor.Least };

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Answers_are_canonical_under_any_schedule(int firstSeed)
    {
        if (ResultOf(firstSeed).Failure is { } failure)
            Assert.Fail(failure);
    }

    [TestMethod]
    [DynamicData(nameof(Floors))]
    public void The_schedules_hold_what_they_are_there_for(string kind, int least) =>
        Assert.IsGreaterThanOrEqualTo(least, SeenByAll()[Enum.Parse<ScheduleEvent>(kind)], SeenByAll().ToString());

    [TestMethod]
    public void Each_model_disagrees_with_its_own_drafts()
    {
        foreach (TinyModel model in TinyModel.All)
            Assert.IsGreaterThan(250, SeenByAll().NaturalRollbacks.GetValueOrDefault(model.Name), model.Name);
    }

    [TestMethod]
    public void Every_kind_of_event_has_a_floor() =>
        CollectionAssert.AreEquivalent(Enum.GetNames<ScheduleEvent>(), Floors.Select(floor => (string)floor[0]).ToArray());

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    [DataRow(5)]
    [DataRow(6)]
    [DataRow(7)]
    [DataRow(8)]
    public void Windows_roll_back_at_every_place(int window)
    {
        for (int place = 0; place < window; place++)
            Assert.Contains((window, place), SeenByAll().Rollbacks, $"window {window}, place {place} of 0..{window - 1}");
    }

    [TestMethod]
    public void A_seed_is_the_same_run_again()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Assert.AreEqual(ScheduleGenerator.Draw(seed).ToString(), ScheduleGenerator.Draw(seed).ToString());
            Coverage first = new(), second = new();
            ScheduleRun.Run(ScheduleGenerator.Draw(seed), first);
            ScheduleRun.Run(ScheduleGenerator.Draw(seed), second);
            Assert.AreEqual(first.ToString(), second.ToString(), $"seed {seed}");
        }
    }

    /// <summary>As long as the variable says; without it a few fresh seeds, so that it is known to work.</summary>
    [TestMethod]
    public void Fresh_schedules_give_canonical_answers_too()
    {
        TimeSpan length = SoakLength(Environment.GetEnvironmentVariable(SoakVariable));
        int seed = Random.Shared.Next(1_000_000, 1_000_000_000);
        Coverage seen = new();
        var clock = Stopwatch.StartNew();
        TimeSpan told = TimeSpan.Zero;
        do
        {
            for (int i = 0; i < SchedulesPerRow; i++)
            {
                if (FailureOf(seed++, seen) is { } failure)
                    Assert.Fail(failure);
            }

            if (clock.Elapsed - told >= TimeSpan.FromMinutes(1))
            {
                told = clock.Elapsed;
                Tell($"soak: {told.TotalMinutes:F0} of {length.TotalMinutes} minutes, {seen.Schedules} schedules, none failed");
            }
        }
        while (clock.Elapsed < length);
        if (length > TimeSpan.Zero)
            Tell($"soak: ended, seeds up to {seed - 1}, none failed; {seen}");

        // What tests print is not shown while they run; whoever wants to watch reads the file.
        void Tell(string line)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(RepositoryRoot.InRoot(SoakLog))!);
            File.AppendAllText(RepositoryRoot.InRoot(SoakLog), line + "\n");
        }
    }

    [TestMethod]
    [DataRow(null, 0)]
    [DataRow("", 0)]
    [DataRow("90", 90)]
    public void The_soak_variable_is_a_number_of_minutes(string? value, int minutes) =>
        Assert.AreEqual(TimeSpan.FromMinutes(minutes), SoakLength(value));

    [TestMethod]
    [DataRow("long")]
    [DataRow("-1")]
    [DataRow("1.5")]
    public void Anything_else_in_the_soak_variable_is_refused(string value)
    {
        string message = Assert.ThrowsExactly<ArgumentException>(() => SoakLength(value)).Message;
        StringAssert.Contains(message, $"{SoakVariable} is \"{value}\"", StringComparison.Ordinal);
    }

    private static Coverage SeenByAll()
    {
        Coverage all = new();
        for (int row = 0; row < RowCount; row++)
            all.Add(ResultOf(row * SchedulesPerRow).Seen);
        return all;
    }

    /// <summary>Runs the schedules of a row, once.</summary>
    private static (string? Failure, Coverage Seen) ResultOf(int firstSeed)
    {
        if (RowResults.TryGetValue(firstSeed, out (string? Failure, Coverage Seen) result))
            return result;
        Coverage seen = new();
        string? failure = null;
        for (int seed = firstSeed; seed < firstSeed + SchedulesPerRow; seed++)
            failure ??= FailureOf(seed, seen);
        RowResults.Add(firstSeed, (failure, seen));
        return (failure, seen);
    }

    private static string? FailureOf(int seed, Coverage seen)
    {
        Schedule schedule = ScheduleGenerator.Draw(seed);
        if (ScheduleRun.Run(schedule, seen) is not { } failure)
            return null;
        (Schedule smallest, string itsFailure) = ScheduleShrinker.Shrink(
            schedule, failure, candidate => ScheduleRun.Run(candidate, new Coverage()));
        return $"{failure}\n{schedule}\n\nThe smallest that fails: {itsFailure}\n{smallest}";
    }

    private static TimeSpan SoakLength(string? value)
    {
        if (string.IsNullOrEmpty(value))
            return TimeSpan.Zero;
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int minutes)
            ? TimeSpan.FromMinutes(minutes)
            : throw new ArgumentException($"{SoakVariable} is \"{value}\"; it must be a whole number of minutes.");
    }
}
