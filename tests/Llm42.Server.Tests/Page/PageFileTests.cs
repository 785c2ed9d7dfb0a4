using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Llm42.Server.Tests.Page;

[TestClass]
public sealed partial class PageFileTests
{
    private static readonly ServerOptions WithKey = new() { ModelName = "demo", ApiKeys = ["open sesame"] };

    [TestMethod]
    public async Task Files_are_served_with_tags_and_a_strict_policy_and_nothing_inline()
    {
        await using TestServer server = await PageServers.PlainAsync(WithKey);
        var left = new Queue<string>(["/"]);
        var seen = new HashSet<string>(left);
        while (left.TryDequeue(out string? path))
        {
            using HttpResponseMessage response = await server.Client.GetAsync(path);
            Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, path);
            string policy = response.Headers.GetValues("Content-Security-Policy").Single();
            StringAssert.Contains(policy, "default-src 'none'; script-src 'self'; style-src 'self';", StringComparison.Ordinal);
            Assert.IsFalse(policy.Contains("unsafe", StringComparison.Ordinal) || policy.Contains("http", StringComparison.Ordinal), policy);
            Assert.AreEqual("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.IsTrue(response.Headers.CacheControl!.NoCache);

            using var again = new HttpRequestMessage(HttpMethod.Get, path);
            again.Headers.IfNoneMatch.Add(response.Headers.ETag!);
            using HttpResponseMessage unchanged = await server.Client.SendAsync(again);
            Assert.AreEqual(HttpStatusCode.NotModified, unchanged.StatusCode, path);
            Assert.IsEmpty(await unchanged.Content.ReadAsByteArrayAsync());

            using HttpResponseMessage head = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
            Assert.AreEqual(response.Content.Headers.ContentLength, head.Content.Headers.ContentLength, path);

            string text = await response.Content.ReadAsStringAsync();
            Assert.IsFalse(Inline().IsMatch(text), path);
            foreach (Match match in Reference().Matches(text))
            {
                string name = "/page/" + match.Groups[1].Value;
                if (seen.Add(name))
                    left.Enqueue(name);
            }
        }

        Assert.IsGreaterThan(12, seen.Count, string.Join(", ", seen));
    }

    [TestMethod]
    public async Task Another_tag_gets_the_file()
    {
        await using TestServer server = await PageServers.PlainAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue("\"old\""));
        using HttpResponseMessage response = await server.Client.SendAsync(request);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
    }

    [TestMethod]
    [DataRow("/")]
    [DataRow("/page/main.js")]
    [DataRow("/page/settings")]
    [DataRow("/page/live")]
    public async Task Switched_off_there_is_no_page(string path)
    {
        await using TestServer server = await PageServers.PlainAsync(new ServerOptions { ModelName = "demo", ServesPage = false });
        using HttpResponseMessage response = await server.Client.GetAsync(path);
        Assert.AreEqual(HttpStatusCode.NotFound, response.StatusCode);
        Assert.AreEqual(HttpStatusCode.OK, (await server.Client.GetAsync("/v1/models")).StatusCode);
    }

    [TestMethod]
    [DataRow("/page/settings")]
    [DataRow("/page/live")]
    public async Task What_the_page_asks_for_needs_the_key(string path)
    {
        await using TestServer server = await PageServers.PlainAsync(WithKey);
        using HttpResponseMessage without = await server.Client.GetAsync(path);
        Assert.AreEqual(HttpStatusCode.Unauthorized, without.StatusCode);
        server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "open sesame");
        using HttpResponseMessage with = await server.Client.GetAsync(path);
        Assert.AreEqual(HttpStatusCode.OK, with.StatusCode);
    }

    [TestMethod]
    public async Task Live_figures_are_the_engines()
    {
        await using TestServer server = await PageServers.PlainAsync();
        // Long enough for whole pages that are kept for prefixes.
        await server.Engine.CompleteAsync(string.Concat(Enumerable.Repeat("And it came to pass in those days. ", 8)), new GenerationOptions { MaxTokens = 60, IgnoreEos = true });
        PageServers.WaitUntilIdle(server);
        using JsonDocument figures = JsonDocument.Parse(await server.Client.GetStringAsync("/page/live"));
        var statistics = server.Engine.Statistics;
        Assert.AreEqual(60, statistics.OrdinaryTokens);
        Assert.AreNotEqual(statistics.Load.OwnedPages, statistics.Load.CachedPages, "two figures that cannot be told apart");
        Assert.AreEqual(statistics.OrdinaryTokens, Figure("ordinary_tokens"));
        Assert.AreEqual(statistics.PromptTokens, Figure("prompt_tokens"));
        Assert.AreEqual(statistics.Requests, Figure("requests"));
        Assert.AreEqual(statistics.Load.CachedPages, Figure("cached_pages"));
        Assert.AreEqual(statistics.Load.FreePages, Figure("free_pages"));

        long Figure(string name) => figures.RootElement.GetProperty(name).GetInt64();
    }

    [TestMethod]
    public async Task Log_probabilities_keep_all_their_bits()
    {
        await using TestServer server = await PageServers.PlainAsync();
        const string Prompt = "And it came to pass";
        GenerationResult direct = await server.Engine.CompleteAsync(
            Prompt, new GenerationOptions { MaxTokens = 200, IgnoreEos = true, Temperature = 1.5f, Seed = 3, IsDeterministic = true });
        int[] expected = [.. direct.Tokens.Select(token => BitConverter.SingleToInt32Bits(token.Logprob))];

        using JsonDocument own = await PostAsync(server, "/generate", """
            {"text": "And it came to pass", "is_deterministic": true, "return_logprob": true, "return_text_in_logprobs": true,
             "sampling_params": {"max_new_tokens": 200, "ignore_eos": true, "temperature": 1.5, "sampling_seed": 3}}
            """);
        JsonElement[] tokens = [.. own.RootElement.GetProperty("meta_info").GetProperty("output_token_logprobs").EnumerateArray()];
        CollectionAssert.AreEqual(expected, tokens.Select(token => BitConverter.SingleToInt32Bits((float)token[0].GetDouble())).ToArray());
        Assert.IsTrue(tokens.All(token => token[0].GetDouble() == (float)token[0].GetDouble()), "a float has fewer bits than what was written");
        CollectionAssert.AreEqual(direct.Tokens.Select(token => token.TokenId).ToArray(), tokens.Select(token => token[1].GetInt32()).ToArray());
        Assert.AreEqual(
            server.Engine.Tokenizer!.Decode(direct.Tokens.Select(token => token.TokenId).ToArray(), skipSpecialTokens: false),
            string.Concat(tokens.Select(token => token[2].GetString())));

        using JsonDocument openAi = await PostAsync(server, "/v1/completions", """
            {"model": "demo", "prompt": "And it came to pass", "is_deterministic": true, "logprobs": 0,
             "max_tokens": 200, "ignore_eos": true, "temperature": 1.5, "seed": 3}
            """);
        CollectionAssert.AreEqual(expected, openAi.RootElement.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("token_logprobs")
            .EnumerateArray().Select(logprob => BitConverter.SingleToInt32Bits((float)logprob.GetDouble())).ToArray());
    }

    private static async Task<JsonDocument> PostAsync(TestServer server, string path, string body)
    {
        using HttpResponseMessage response = await server.Client.PostAsync(path, new StringContent(body, MediaTypeHeaderValue.Parse("application/json")));
        string text = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, text);
        return JsonDocument.Parse(text);
    }

    [GeneratedRegex("""(?:page/|from "\./)([a-z-]+\.(?:js|css|svg))""")]
    private static partial Regex Reference();

    [GeneratedRegex("""<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+="|https?://(?!www\.w3\.org/2000/svg)""")]
    private static partial Regex Inline();
}
