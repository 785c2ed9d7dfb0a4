using Microsoft.Playwright;

namespace Llm42.Server.Tests.Page;

[TestClass]
public sealed class ChatPageTests
{
    private const string Prompt = "And it came to pass in those days";

    private static TestServer? _chat;
    private static TestServer? _plain;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        _chat = await TestServer.StartAsync();
        _plain = await PageServers.PlainAsync();
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        await _chat!.DisposeAsync();
        await _plain!.DisposeAsync();
    }

    [TestMethod]
    public async Task Chat_is_by_the_models_template_with_what_was_set()
    {
        await using PageSession session = await PageSession.OpenAsync(_chat!.Address);
        await session.Page.ClickAsync("#chat-options summary");
        await session.Page.FillAsync("#system", "Speak of kings.");
        await session.Page.FillAsync("#temperature", "0.8");
        await session.Page.FillAsync("#top-p", "0.9");
        await session.Page.FillAsync("#seed", "7");
        await session.Page.FillAsync("#max-tokens", "40");
        await SendAsync(session, Prompt, 1);

        var options = new GenerationOptions { Temperature = 0.8f, TopP = 0.9f, Seed = 7, MaxTokens = 40, IsDeterministic = true, AddSpecialTokens = false };
        GenerationResult expected = await _chat.Engine.CompleteAsync($"<system>Speak of kings.\n<user>{Prompt}\n<assistant>", options);
        Assert.AreEqual(expected.Text, await TextAsync(session, 0));
        StringAssert.Contains(
            await session.Page.Locator(".assistant .facts").InnerTextAsync(),
            $"{expected.Usage.PromptTokens} prompt tokens", StringComparison.Ordinal);
        await session.Page.ClickAsync(".guarantee summary");
        string guarantee = await session.Page.Locator(".guarantee").InnerTextAsync();
        StringAssert.Contains(guarantee, _chat.Engine.Engine.Fingerprint, StringComparison.Ordinal);
        StringAssert.Contains(guarantee, "cpu-fma-1", StringComparison.Ordinal);
        StringAssert.Contains(guarantee, "Rollbacks", StringComparison.Ordinal);

        // What was said belongs to the next request.
        await SendAsync(session, "Go on", 2);
        GenerationResult second = await _chat.Engine.CompleteAsync(
            $"<system>Speak of kings.\n<user>{Prompt}\n<assistant>{expected.Text}\n<user>Go on\n<assistant>", options);
        Assert.AreEqual(second.Text, await TextAsync(session, 1));
        await session.KeepAsync("desktop-chat");
        await session.Page.ClickAsync("#chat-new");
        Assert.AreEqual(0, await session.Page.Locator(".turn").CountAsync());
    }

    [TestMethod]
    public async Task Model_without_a_template_continues_the_text()
    {
        await using PageSession session = await PageSession.OpenAsync(_plain!.Address);
        StringAssert.Contains(await session.Page.InnerTextAsync("#chat-mode"), "no chat template", StringComparison.Ordinal);
        Assert.IsTrue(await session.Page.Locator("#system-field").IsHiddenAsync());
        await session.Page.ClickAsync("#chat-options summary");
        await session.Page.FillAsync("#max-tokens", "12");
        await SendAsync(session, Prompt, 1);
        await SendAsync(session, "", 2);
        var options = new GenerationOptions { MaxTokens = 12, IsDeterministic = true };
        GenerationResult first = await _plain.Engine.CompleteAsync(Prompt, options);
        Assert.AreEqual(first.Text, await TextAsync(session, 0));
        Assert.AreEqual((await _plain.Engine.CompleteAsync(Prompt + first.Text, options)).Text, await TextAsync(session, 1));
    }

    [TestMethod]
    public async Task Answer_streams_and_stops_when_it_is_told_to()
    {
        using var steps = new SemaphoreSlim(0);
        await using ScriptedServer server = await ScriptedServer.StartAsync();
        int[] word = server.Tokenizer.Encode("light", addSpecialTokens: false);
        server.Executor.Script = [.. Enumerable.Repeat(word, 300).SelectMany(ids => ids)];
        server.Executor.BeforeStep = steps.Wait;
        await using PageSession session = await PageSession.OpenAsync(server.Client.BaseAddress!);
        for (int i = 0; i < 2; i++)
        {
            await session.Page.FillAsync("#message", Prompt);
            await session.Page.PressAsync("#message", "Enter");

            // What is there while the engine waits has been streamed.
            steps.Release(4);
            await session.WaitForTextAsync(".assistant:last-child .text", "light");
            if (i == 0)
                await session.Page.ClickAsync("#stop");
            else
                await session.Page.Keyboard.PressAsync("Escape");
            await session.WaitForTextAsync(".assistant:last-child .facts", "stopped$");
            Assert.IsTrue(await session.Page.Locator("#stop").IsDisabledAsync());
            Assert.IsTrue(await session.Page.Locator("#send").IsEnabledAsync());

            // By single steps, so that the server hears of it before the answer has ended.
            while (await session.Page.EvaluateAsync<int>("async () => (await (await fetch('page/live')).json()).running") > 0)
                steps.Release();
            Assert.AreEqual(1 + i, server.Engine.Statistics.RequestsCancelled);
            await session.Page.ClickAsync("#chat-new");
        }
        steps.Release(10_000);
    }

    [TestMethod]
    public async Task Enter_sends_and_Shift_Enter_makes_a_line()
    {
        await using PageSession session = await PageSession.OpenAsync(_plain!.Address);
        await session.Page.FocusAsync("#message");
        await session.Page.Keyboard.TypeAsync("one");
        await session.Page.Keyboard.PressAsync("Shift+Enter");
        await session.Page.Keyboard.TypeAsync("two");
        Assert.AreEqual("one\ntwo", await session.Page.InputValueAsync("#message"));
        Assert.AreEqual(0, await session.Page.Locator(".turn").CountAsync());
        await session.Page.Keyboard.PressAsync("Enter");
        await session.Page.WaitForSelectorAsync(".assistant .facts");
        Assert.AreEqual("one\ntwo", await session.Page.Locator(".user .text").InnerTextAsync());
        Assert.AreEqual("", await session.Page.InputValueAsync("#message"));
    }

    [TestMethod]
    public async Task What_the_server_refuses_is_told_and_can_be_sent_again()
    {
        await using PageSession session = await PageSession.OpenAsync(_plain!.Address, expectedStatuses: 400);
        string tooLong = string.Join(' ', Enumerable.Repeat("king", 2000));
        await session.Page.FillAsync("#message", tooLong);
        await session.Page.PressAsync("#message", "Enter");
        await session.Page.WaitForSelectorAsync(".transcript .problem");
        StringAssert.Contains(await session.Page.InnerTextAsync(".transcript .problem"), "1024", StringComparison.Ordinal);
        Assert.AreEqual(tooLong, await session.Page.InputValueAsync("#message"));

        // It is not part of what follows.
        await session.Page.ClickAsync("#chat-options summary");
        await session.Page.FillAsync("#max-tokens", "8");
        await session.Page.FillAsync("#message", Prompt);
        await session.Page.PressAsync("#message", "Enter");
        await session.Page.WaitForSelectorAsync(".assistant .facts");
    }

    [TestMethod]
    public async Task Trouble_is_told_and_text_is_text()
    {
        const string Evil = "<img src=x onerror=alert(1)><script>alert(2)</script>";
        string evil = System.Text.Json.JsonSerializer.Serialize(new { choices = new[] { new { text = Evil } } });
        var answers = new Queue<string?>([null, $"data: {evil}\n\n", $"data: {evil}\n\ndata: [DONE]\n\n", "data: {\"error\": {\"message\": \"It fell over.\"}}\n\n"]);
        await using PageSession session = await PageSession.OpenAsync(_plain!.Address, prepare: page => page.RouteAsync(
            "**/v1/completions",
            route => answers.Dequeue() is { } body
                ? route.FulfillAsync(new RouteFulfillOptions { ContentType = "text/event-stream", Body = body })
                : route.AbortAsync("connectionrefused")));
        session.Ignore("net::ERR_CONNECTION_REFUSED");

        // The server is gone: that is told with what to do, and what was written is there to be sent again.
        await session.Page.FillAsync("#message", Prompt);
        await session.Page.PressAsync("#message", "Enter");
        await session.WaitForTextAsync(".transcript .problem", "does not answer.*still running");
        Assert.AreEqual(Prompt, await session.Page.InputValueAsync("#message"));

        // The answer breaks off: what came is kept, and it is text whatever it looks like.
        await session.Page.PressAsync("#message", "Enter");
        await session.WaitForTextAsync(".assistant:last-child .problem", "broke off");
        Assert.AreEqual(Evil, await session.Page.Locator(".assistant:last-child .text").TextContentAsync());
        await SendAsync(session, Prompt, 1);
        Assert.AreEqual(Evil, await session.Page.Locator(".assistant:last-child .text").TextContentAsync());
        Assert.AreEqual(0, await session.Page.Locator(".transcript img, .transcript script").CountAsync());

        // The server tells of an error in the middle.
        await session.Page.FillAsync("#message", Prompt);
        await session.Page.PressAsync("#message", "Enter");
        await session.WaitForTextAsync(".assistant:last-child .problem", "It fell over");
    }

    [TestMethod]
    public async Task Key_is_asked_for_kept_in_the_tab_and_sent()
    {
        await using TestServer server = await PageServers.PlainAsync(new ServerOptions { ModelName = "demo", ApiKeys = ["open sesame"] });
        await using PageSession session = await PageSession.OpenAsync(server.Address, waits: false, expectedStatuses: 401);
        await session.Page.WaitForSelectorAsync("#key-dialog[open]");
        Assert.AreEqual("key", await session.Page.EvaluateAsync<string>("document.activeElement.id"));
        await session.Page.Keyboard.TypeAsync("wrong");
        await session.Page.Keyboard.PressAsync("Enter");
        await session.WaitForTextAsync("#key-message", "not one of this server's");
        await session.Page.WaitForSelectorAsync("#key-dialog[open]");
        await session.Page.Keyboard.TypeAsync("open sesame");
        await session.Page.Keyboard.PressAsync("Enter");
        await session.Page.WaitForSelectorAsync("body[data-ready]");
        await SendAsync(session, Prompt, 1);
        IRequest sent = session.Requests.Last(request => request.Url.EndsWith("/v1/completions", StringComparison.Ordinal));
        Assert.AreEqual("Bearer open sesame", (await sent.AllHeadersAsync())["authorization"]);
        Assert.AreEqual(0, await session.Page.EvaluateAsync<int>("localStorage.length"));
        await session.Page.ReloadAsync();
        await session.Page.WaitForSelectorAsync("body[data-ready]");
        Assert.IsFalse(await session.Page.Locator("#key-dialog").IsVisibleAsync());
    }

    private static async Task SendAsync(PageSession session, string text, int answers)
    {
        await session.Page.FillAsync("#message", text);
        await session.Page.PressAsync("#message", "Enter");
        await session.Page.Locator(".assistant .facts").Nth(answers - 1).WaitForAsync();
    }

    private static async Task<string> TextAsync(PageSession session, int answer) =>
        await session.Page.Locator(".assistant .text").Nth(answer).TextContentAsync() ?? "";
}
