using System.Reflection;
using Llm42.Core.Requests;
using Llm42.Core.Sampling;

namespace Llm42.Core.Tests;

/// <summary>Counts behind bias and penalties, along drafts and without them.</summary>
[TestClass]
public sealed class SamplingStateTests
{
    private static readonly SamplingParameters Penalties = new()
    {
        RepetitionPenalty = 1.5f, PresencePenalty = 0.25f, FrequencyPenalty = 0.5f,
    };

    [TestMethod]
    public void Adjustments_are_those_of_the_definition_with_any_number_of_drafts()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            GenerationRequest request = RandomRequest(random);
            SamplingState? state = SamplingState.Of(request);
            if (state is null)
            {
                Assert.IsEmpty(AdjustmentReference.Of(request, [1, 2, 3]), $"seed {seed}");
                continue;
            }

            List<int> answer = [];
            for (int step = 0; step < 20; step++)
            {
                int[] drafts = [.. Enumerable.Range(0, random.Next(8)).Select(_ => random.Next(FakeModel.Vocabulary))];
                // In any order, and with drafts that are never committed: nothing of them may stay.
                foreach (int count in (int[])[drafts.Length, 0, drafts.Length / 2])
                {
                    CollectionAssert.AreEqual(
                        AdjustmentReference.Of(request, [.. answer, .. drafts[..count]]).ToArray(),
                        AdjustmentsOf(state, drafts[..count]),
                        $"seed {seed}, step {step}, {count} drafts");
                }

                int token = random.Next(FakeModel.Vocabulary);
                answer.Add(token);
                state.Commit(token);
            }
        }
    }

    [TestMethod]
    public void Each_rule_counts_what_it_should()
    {
        GenerationRequest request = Requests.Of(1, 9, true) with { PromptIds = [5, 3, 5], Sampling = Penalties };
        SamplingState state = SamplingState.Of(request)!;
        CollectionAssert.AreEqual(
            new LogitAdjustment[] { new(3, 0, 1.5f, 0), new(5, 0, 1.5f, 0) }, AdjustmentsOf(state), "the prompt alone");
        state.Commit(5);
        state.Commit(7);
        CollectionAssert.AreEqual(
            new LogitAdjustment[] { new(3, 0, 1.5f, 0.75f), new(5, 0, 1.5f, 0.75f), new(7, 0, 1.5f, 1.75f) },
            AdjustmentsOf(state, 7, 3, 7));
        CollectionAssert.AreEqual(
            new LogitAdjustment[] { new(3, 0, 1.5f, 0), new(5, 0, 1.5f, 0.75f), new(7, 0, 1.5f, 0.75f) },
            AdjustmentsOf(state), "the drafts were only looked at");
    }

    [TestMethod]
    public void Without_a_repetition_penalty_the_prompt_does_not_matter()
    {
        SamplingState state = SamplingState.Of(Requests.Of(20, 9, true) with { Sampling = Penalties with { RepetitionPenalty = 1 } })!;
        Assert.IsEmpty(AdjustmentsOf(state));
        CollectionAssert.AreEqual(new LogitAdjustment[] { new(4, 0, 1, 0.75f) }, AdjustmentsOf(state, 4));
    }

    [TestMethod]
    public void A_bias_alone_counts_nothing()
    {
        var sampling = new SamplingParameters { LogitBias = new Dictionary<int, float> { [9] = -100, [2] = 3, [4] = 0 } };
        SamplingState state = SamplingState.Of(Requests.Of(20, 9, true) with { Sampling = sampling })!;
        state.Commit(30);
        CollectionAssert.AreEqual(new LogitAdjustment[] { new(2, 3, 1, 0), new(9, -100, 1, 0) }, AdjustmentsOf(state, 9, 31));
    }

    [TestMethod]
    public void A_bias_that_its_owner_changes_later_stays_what_it_was()
    {
        Dictionary<int, float> bias = new() { [1] = 5 };
        SamplingState state = SamplingState.Of(Requests.Of(3, 9, true) with { Sampling = new() { LogitBias = bias } })!;
        bias[1] = 7;
        bias[2] = 7;
        CollectionAssert.AreEqual(new LogitAdjustment[] { new(1, 5, 1, 0) }, AdjustmentsOf(state));
    }

    [TestMethod]
    public void Where_no_rule_is_in_force_there_is_no_state() =>
        Assert.IsNull(SamplingState.Of(Requests.Of(3, 9, true)));

    [TestMethod]
    public void Looking_at_a_row_allocates_nothing()
    {
        SamplingState state = SamplingState.Of(Requests.Of(20, 9, true) with { Sampling = Penalties })!;
        int[] drafts = [3, 44, 3, 7];
        List<LogitAdjustment> adjustments = new(1000);
        state.AppendAdjustments(drafts, adjustments);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            state.AppendAdjustments(drafts, adjustments);
        Assert.AreEqual(0L, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void Parameters_are_equal_where_every_value_is()
    {
        static SamplingParameters Make() => new() { LogitBias = new Dictionary<int, float> { [3] = 1, [1] = 2 } };
        Assert.AreEqual(Make(), Make());
        Assert.AreEqual(Make().GetHashCode(), Make().GetHashCode());
        Assert.AreEqual(new SamplingParameters(), new SamplingParameters());
        Assert.AreNotEqual(Make(), Make() with { LogitBias = new Dictionary<int, float> { [3] = 1, [1] = 3 } });
        Assert.AreNotEqual(Make(), Make() with { LogitBias = new Dictionary<int, float> { [3] = 1, [2] = 2 } });

        // A property that comes later must take part too.
        Dictionary<Type, object> others = new() { [typeof(float)] = 0.75f, [typeof(int)] = 3, [typeof(ulong)] = 8UL };
        foreach (PropertyInfo property in typeof(SamplingParameters).GetProperties().Where(p => p.CanWrite))
        {
            if (property.Name == nameof(SamplingParameters.LogitBias))
                continue;
            SamplingParameters changed = Make();
            property.SetValue(changed, others[property.PropertyType]);
            Assert.AreNotEqual(Make(), changed, property.Name);
            SamplingParameters again = Make();
            property.SetValue(again, others[property.PropertyType]);
            Assert.AreEqual(changed, again, property.Name);
        }
    }

    private static LogitAdjustment[] AdjustmentsOf(SamplingState state, params int[] drafts)
    {
        List<LogitAdjustment> adjustments = [];
        state.AppendAdjustments(drafts, adjustments);
        return [.. adjustments];
    }

    private static GenerationRequest RandomRequest(Random random) => Requests.Of(1, 9, true) with
    {
        PromptIds = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(FakeModel.Vocabulary))],
        Sampling = Requests.RandomPenalties(random),
    };
}
