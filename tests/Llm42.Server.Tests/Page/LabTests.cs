using System.Text.Json;
using Microsoft.Playwright;

namespace Llm42.Server.Tests.Page;

[TestClass]
public sealed class LabTests
{
    private static TestServer? _flat;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) => _flat = await PageServers.FlatAsync();

    [ClassCleanup]
    public static async Task StopAsync()
    {
        if (_flat is not null)
            await _flat.DisposeAsync();
    }

    [TestMethod]
    public async Task Answers_amid_load_part_without_determinism_and_agree_with_it()
    {
        await using PageSession session = await PageSession.OpenAsync(_flat!.Address, "lab");
        await FillAsync(session, answers: 8, tokens: 128, neighbours: 10);
        await RunAsync(session);
        int[][] answers = await AnswersAsync(session);
        int[][] without = answers[..8];
        int[][] with = answers[8..];
        Assert.HasCount(8, with);
        int distinct = without.Select(ids => string.Join(',', ids)).Distinct().Count();
        Assert.IsGreaterThan(1, distinct, "nothing differed: nothing was shown");

        ILocator first = session.Page.Locator(".report").First;
        await Is(first.Locator(".verdict"), $"8 answers in {distinct} versions.");
        StringAssert.Contains(await first.Locator(".facts").InnerTextAsync(), $"Distinct by tokens: {distinct} ·", StringComparison.Ordinal);
        for (int i = 0; i < without.Length; i++)
        {
            ILocator row = first.Locator("tbody tr").Nth(i);
            int place = FirstOther(without[i], without[0]);
            Assert.AreEqual(place < 0 ? 0 : 1, await row.Locator(".first").CountAsync(), $"row {i}");
            if (place >= 0)
            {
                // Behind the columns of the answer's number and of where it parts.
                Assert.AreEqual(place + 2, await row.Locator(".first").EvaluateAsync<int>("cell => cell.cellIndex"));
                StringAssert.StartsWith(await row.Locator(".first").TextContentAsync(), "First difference: ", StringComparison.Ordinal);
                await Is(row.Locator(".where button"), $"token {place + 1}");
            }
        }

        ILocator second = session.Page.Locator(".report").Last;
        await Is(second.Locator(".verdict"), "8 answers, all the same to the last bit.");
        StringAssert.Contains(await second.Locator(".facts").InnerTextAsync(), "Distinct by tokens: 1 · by log-probability bits: 1 ·", StringComparison.Ordinal);
        Assert.AreEqual(0, await second.Locator(".first, .bits, .past").CountAsync());
        Assert.AreEqual(with[0].Length * 8, await second.Locator(".token").CountAsync());
        Assert.IsGreaterThan(0, _flat.Engine.Statistics.Rollbacks, "no draft was ever wrong: nothing was shown");
        StringAssert.Matches(
            await session.Page.Locator(".report .facts").Last.InnerTextAsync(), new System.Text.RegularExpressions.Regex(@"rolled back: [1-9].* tokens/s"));
        Assert.IsTrue(await session.Page.Locator("#lab-note").IsHiddenAsync());
        Assert.AreEqual(1280, await session.Page.EvaluateAsync<int>("document.scrollingElement.scrollWidth"), "the page is wider than its window");
        await session.KeepAsync("desktop-lab", isFullPage: true);
    }

    [TestMethod]
    public async Task Marks_are_where_answers_part()
    {
        // The same; other bits at token 2; another token at 3, behind which nothing is compared; an early end; the same.
        (double Logprob, int Id)[][] answers =
        [
            [(-1, 10), (-2, 11), (-3, 12), (-4, 13)],
            [(-1, 10), (MathF.BitDecrement(-2), 11), (-3, 12), (-4, 13)],
            [(-1, 10), (-2, 11), (-3, 99), (-4, 13)],
            [(-1, 10), (-2, 11)],
            [(-1, 10), (-2, 11), (-3, 12), (-4, 13)],
        ];
        int next = 0;
        await using PageSession session = await PageSession.OpenAsync(_flat!.Address, "lab", prepare: page => page.RouteAsync("**/generate", async route =>
        {
            using JsonDocument asked = JsonDocument.Parse(route.Request.PostData!);
            int count = asked.RootElement.GetProperty("text").GetArrayLength();
            var batch = answers[next..(next += count)].Select(tokens => new
            {
                meta_info = new
                {
                    llm42_num_rollbacks = 0,
                    output_token_logprobs = tokens.Select(token => new object[] { token.Logprob, token.Id, "a b" }),
                },
            });
            await route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = JsonSerializer.Serialize(batch) });
        }));
        await FillAsync(session, answers: 5, tokens: 4, neighbours: 0);
        await session.Page.SelectOptionAsync("#lab-runs", "without");
        await RunAsync(session);
        await Is(session.Page.Locator(".verdict"), "5 answers in 3 versions.");
        StringAssert.StartsWith(
            await session.Page.Locator(".report .facts").InnerTextAsync(), "Distinct by tokens: 3 · by log-probability bits: 4 ·", StringComparison.Ordinal);
        string[] rows = await session.Page.Locator("tbody tr").EvaluateAllAsync<string[]>(
            "rows => rows.map(row => [...row.children].slice(1).map(cell => cell.textContent + (cell.className ? ` (${cell.className})` : '')).join(' | '))");
        CollectionAssert.AreEqual(
            new[]
            {
                "compared with (where) | a·b (token) | a·b (token) | a·b (token) | a·b (token)",
                "bits of 2 (where) | a·b (token) | a·b (token bits first-bits) | a·b (token) | a·b (token)",
                "token 3 (where) | a·b (token) | a·b (token) | First difference: a·b (token first) | a·b (token past)",
                "token 3 (where) | a·b (token) | a·b (token) | First difference: ∎ (token first)",
                "none (where) | a·b (token) | a·b (token) | a·b (token) | a·b (token)",
            },
            rows);
    }

    [TestMethod]
    public async Task Run_stops_when_it_is_told_to_and_frees_what_ran()
    {
        await using PageSession session = await PageSession.OpenAsync(_flat!.Address, "lab");
        await FillAsync(session, answers: 64, tokens: 256, neighbours: 24);
        await session.Page.ClickAsync("#lab-run");
        await session.Page.WaitForSelectorAsync("tbody tr");
        await session.Page.Keyboard.PressAsync("Escape");
        await session.WaitForTextAsync("#lab-status", "^Stopped");
        Assert.IsTrue(await session.Page.Locator("#lab-run").IsEnabledAsync());
        await session.Page.WaitForFunctionAsync("async () => (await (await fetch('page/live')).json()).running === 0");
    }

    [TestMethod]
    public async Task Where_nothing_can_differ_the_page_says_why()
    {
        await using TestServer server = await PageServers.PlainAsync();
        Assert.IsTrue(server.Engine.Engine.FastIsInvariant);
        await using PageSession session = await PageSession.OpenAsync(server.Address, "lab");
        StringAssert.Contains(await session.Page.InnerTextAsync("#lab-note"), "--planned-threads 64", StringComparison.Ordinal);
        await FillAsync(session, answers: 4, tokens: 12, neighbours: 4);
        await RunAsync(session);
        CollectionAssert.AreEqual(
            new[] { "4 answers, all the same to the last bit.", "4 answers, all the same to the last bit." },
            (await session.Page.Locator(".verdict").AllInnerTextsAsync()).ToArray());
    }

    private static async Task FillAsync(PageSession session, int answers, int tokens, int neighbours)
    {
        await session.Page.FillAsync("#lab-answers", $"{answers}");
        await session.Page.FillAsync("#lab-tokens", $"{tokens}");
        await session.Page.FillAsync("#lab-neighbours", $"{neighbours}");
        await session.Page.FillAsync("#lab-temperature", "0");
    }

    private static async Task RunAsync(PageSession session)
    {
        await session.Page.ClickAsync("#lab-run");
        await session.WaitForTextAsync("#lab-status", "^(Done|Ended|Stopped)");
        await Is(session.Page.Locator("#lab-status"), "Done.");
    }

    private static async Task Is(ILocator locator, string text) => Assert.AreEqual(text, await locator.InnerTextAsync());

    /// <summary>The answers looked at, as the server sent them: those of requests that ask for log-probabilities.</summary>
    private static async Task<int[][]> AnswersAsync(PageSession session)
    {
        var answers = new List<int[]>();
        foreach (IRequest request in session.Requests.Where(request => request.PostData?.Contains("return_logprob", StringComparison.Ordinal) == true))
        {
            IResponse? response = await request.ResponseAsync();
            using JsonDocument body = JsonDocument.Parse(await response!.TextAsync());
            answers.AddRange(body.RootElement.EnumerateArray().Select(
                answer => answer.GetProperty("output_ids").EnumerateArray().Select(id => id.GetInt32()).ToArray()));
        }

        return [.. answers];
    }

    private static int FirstOther(int[] answer, int[] reference)
    {
        int common = answer.Zip(reference).TakeWhile(pair => pair.First == pair.Second).Count();
        return common == answer.Length && common == reference.Length ? -1 : common;
    }
}
