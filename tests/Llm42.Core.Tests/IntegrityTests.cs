using System.Reflection;
using Llm42.Core.Engine;
using Llm42.Core.KvCache;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Tests;

/// <summary>The integrity check notices each kind of damage.</summary>
[TestClass]
public sealed class IntegrityTests
{
    private const int PageSize = 8;

    private static readonly EngineOptions Options = new()
    {
        Window = 8, Drafter = DrafterKind.Same, MaxSequences = 3, MaxBatchTokens = 64,
    };

    [TestMethod]
    public void Debug_builds_check_without_being_asked()
    {
        bool isDebug = typeof(EngineOptions).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration == "Debug";
        Assert.AreEqual(isDebug, new EngineOptions().CheckIntegrity);
    }

    [TestMethod]
    public void A_position_of_a_deterministic_request_that_is_not_canonical() => AssertNoticed(
        scene => scene.Deterministic.CanonicalLength--, "committed tokens lack canonical keys and values");

    [TestMethod]
    public void More_canonical_positions_than_computed_ones() => AssertNoticed(
        scene => scene.Ordinary.CanonicalLength = scene.Ordinary.ComputedLength + 1, "canonical of");

    [TestMethod]
    public void More_computed_positions_than_tokens() => AssertNoticed(
        scene => scene.Ordinary.ComputedLength = scene.Ordinary.Tokens.Count, "computed positions");

    [TestMethod]
    public void An_answer_beyond_its_limit() => AssertNoticed(
        scene =>
        {
            while (scene.Ordinary.CommittedCount < scene.Ordinary.TokenLimit)
                scene.Ordinary.AppendCommitted(1, default);
        },
        "but it goes on");

    [TestMethod]
    public void A_draft_of_an_ordinary_request() => AssertNoticed(scene => scene.Ordinary.AppendDraft(1, 1f), "it is not deterministic, but has 1 drafts");

    [TestMethod]
    public void More_drafts_than_the_window_holds() => AssertNoticed(
        scene =>
        {
            while (scene.Deterministic.Drafts.Count <= Options.Window)
                scene.Deterministic.AppendDraft(1, 1f);
        },
        "9 drafts in a window of 8");

    [TestMethod]
    public void Stop_state_that_outlives_its_drafts() => AssertNoticed(
        scene => scene.Ordinary.DraftMayFinish = true, "it has no drafts, but stop state along them");

    [TestMethod]
    public void Drafts_of_a_preempted_request() => AssertNoticed(scene => scene.Waiting.AppendDraft(1, 1f), "it waits, but holds");

    [TestMethod]
    public void Lengths_of_a_preempted_request() => AssertNoticed(scene => scene.Waiting.CanonicalLength = 1, "it waits, but holds");

    [TestMethod]
    public void A_finished_request_that_stays() => AssertNoticed(
        scene => scene.Ordinary.FinishReason = FinishReason.Stop, "ended by Stop, but is listed");

    [TestMethod]
    public void A_page_that_is_published_before_it_is_canonical() => AssertNoticed(
        scene => scene.Deterministic.PublishedPages++, "are published");

    [TestMethod]
    public void A_page_that_can_be_found_before_it_is_canonical() => AssertNoticed(
        scene =>
        {
            IReadOnlyList<int> pages = scene.Ordinary.Blocks.Pages;
            scene.Pool.Publish(12345, new int[PageSize], pages[^1]);
        },
        "can be found, but");

    [TestMethod]
    public void Tokens_that_are_not_those_of_the_published_page() => AssertNoticed(
        scene => ((List<int>)scene.Deterministic.Tokens)[3]++, "can be found under tokens that it does not hold");

    [TestMethod]
    public void Pages_in_another_order() => AssertNoticed(
        scene =>
        {
            var table = (List<int>)scene.Deterministic.Blocks.Pages;
            (table[0], table[1]) = (table[1], table[0]);
        },
        "can be found behind another page than its own");

    [TestMethod]
    public void A_shared_page_of_which_nobody_knows_the_content() => AssertNoticed(
        scene =>
        {
            int page = scene.Ordinary.Blocks.Pages[^1];
            scene.Pool.Share(page);
            scene.Deterministic.Blocks.Append(page);
        },
        "is shared, but its content is unknown");

    [TestMethod]
    public void A_page_with_an_owner_too_many() => AssertNoticed(
        scene => scene.Pool.Share(scene.Ordinary.Blocks.Pages[0]), "is named 1 times");

    [TestMethod]
    public void A_page_that_is_named_twice() => AssertNoticed(
        scene => scene.Ordinary.Blocks.Append(scene.Ordinary.Blocks.Pages[0]), "names a KV page twice");

    [TestMethod]
    public void A_page_that_was_lost() => AssertNoticed(
        scene => Private<Stack<int>>(scene.Pool, "_free").Pop(), "free False, cached False, owned False");

    [TestMethod]
    public void A_page_that_is_free_and_owned() => AssertNoticed(
        scene => Private<Stack<int>>(scene.Pool, "_free").Push(scene.Ordinary.Blocks.Pages[0]), "owned True");

    [TestMethod]
    public void Tokens_of_an_index_entry_that_changed() => AssertNoticed(
        scene => scene.Pool.EntryOf(scene.Deterministic.Blocks.Pages[0])!.Name.Tokens[0]++, "is not what the prefix index says of it");

    [TestMethod]
    public void A_younger_request_before_an_older_one() => AssertNoticed(
        scene => Private<List<Sequence>>(scene.Scheduler, "_running").Reverse(), "stands behind a younger one");

    [TestMethod]
    public void A_request_that_runs_and_waits() => AssertNoticed(
        scene => Private<List<Sequence>>(scene.Scheduler, "_waiting").Add(scene.Ordinary), "is listed twice");

    private static void AssertNoticed(Action<Scene> damage, string message)
    {
        Scene scene = Scene.Prepare();
        scene.Scheduler.CheckIntegrity();
        damage(scene);
        string found = Assert.ThrowsExactly<InvalidOperationException>(scene.Scheduler.CheckIntegrity).Message;
        StringAssert.Contains(found, message, StringComparison.Ordinal);
    }

    private static T Private<T>(object owner, string field) =>
        (T)owner.GetType().GetField(field, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(owner)!;

    /// <summary>A deterministic request with drafts and published pages, an ordinary one, and one that waits.</summary>
    private sealed record Scene(Scheduler Scheduler, Sequence Deterministic, Sequence Ordinary, Sequence Waiting)
    {
        public PagePool Pool => Scheduler.Pool;

        public static Scene Prepare()
        {
            var simulation = new Simulation(new FakeModel(PageSize, pages: 64), Options with { MaxSequences = 2 });
            // Its first two pages hold the same tokens.
            Sequence deterministic = simulation.Add(
                Requests.Of(20, 40, deterministic: true) with { PromptIds = [.. Enumerable.Repeat(7, 20)] });
            Sequence ordinary = simulation.Add(Requests.Of(12, 40, deterministic: false, 1));
            Sequence waiting = simulation.Add(Requests.Of(5, 10, deterministic: true, 2));
            for (int step = 0; step < 4; step++)
                simulation.Step();
            Assert.HasCount(2, simulation.Scheduler.Running);
            Assert.AreNotEqual(0, deterministic.Drafts.Count);
            Assert.AreEqual(2, deterministic.PublishedPages);
            return new Scene(simulation.Scheduler, deterministic, ordinary, waiting);
        }
    }
}
