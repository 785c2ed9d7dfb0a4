namespace Llm42.Determinism.Tests.Schedules;

/// <summary>The schedules notice each of the faults that they are there to find.</summary>
[TestClass]
public sealed class MutationTests
{
    private const int MostSeeds = 300;

    /// <summary>All faults by name.</summary>
    public static IEnumerable<object[]> Mutations =>
        Enum.GetNames<Mutation>().Where(name => name != nameof(Mutation.None)).Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Mutations))]
    public void A_fault_changes_an_answer_that_is_canonical_without_it(string mutation)
    {
        (Schedule schedule, _) = FirstNoticed(mutation);
        Assert.IsNull(ScheduleRun.Run(schedule, new Coverage()), schedule.ToString());
    }

    [TestMethod]
    [DataRow(nameof(Mutation.CanonicalLengthPastWindow), "positions are canonical")]
    [DataRow(nameof(Mutation.PageNamedByOtherTokens), "can be found under tokens that it does not hold")]
    [DataRow(nameof(Mutation.LengthsKeptAfterPreemption), "it waits, but holds pages, lengths or drafts")]
    public void A_fault_in_the_bookkeeping_is_noticed_before_it_reaches_an_answer(string mutation, string message)
    {
        for (int seed = 0; seed < MostSeeds; seed++)
        {
            string? failure = ScheduleRun.Run(
                ScheduleGenerator.Draw(seed), new Coverage(), Enum.Parse<Mutation>(mutation), checksIntegrity: true);
            if (failure is null)
                continue;
            StringAssert.Contains(failure, message, StringComparison.Ordinal);
            return;
        }

        Assert.Fail($"{MostSeeds} schedules did not notice {mutation}.");
    }

    [TestMethod]
    public void A_failing_schedule_shrinks_to_a_smaller_one_that_fails()
    {
        (Schedule schedule, string failure) = FirstNoticed(nameof(Mutation.SkippedPageCopy));
        (Schedule smallest, string itsFailure) = ScheduleShrinker.Shrink(
            schedule, failure, candidate => ScheduleRun.Run(candidate, new Coverage(), Mutation.SkippedPageCopy));
        Assert.AreEqual(itsFailure, ScheduleRun.Run(smallest, new Coverage(), Mutation.SkippedPageCopy));
        // One request leaves a page, another one begins like it.
        Assert.IsLessThanOrEqualTo(3, smallest.Arrivals.Count, smallest.ToString());
        Assert.IsLessThan(Size(schedule), Size(smallest));

        static int Size(Schedule schedule) => schedule.Arrivals.Sum(a => a.Request.PromptIds.Count + a.Request.MaxTokens);
    }

    /// <summary>The first schedule in which the fault changes an answer; that it makes the engine stop does not count.</summary>
    private static (Schedule Schedule, string Failure) FirstNoticed(string mutation)
    {
        for (int seed = 0; seed < MostSeeds; seed++)
        {
            Schedule schedule = ScheduleGenerator.Draw(seed);
            if (ScheduleRun.Run(schedule, new Coverage(), Enum.Parse<Mutation>(mutation)) is { } failure
                && failure.StartsWith("request", StringComparison.Ordinal))
                return (schedule, failure);
        }

        Assert.Fail($"{MostSeeds} schedules did not notice {mutation}.");
        throw new InvalidOperationException();
    }
}
