using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Llm42.Server.Tests.Operation;

[TestClass]
public sealed class LimitTests
{
    private static TestServer s_server = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) =>
        s_server = await TestServer.StartAsync(new ServerOptions { MaxBodyBytes = 64 << 10, MaxHeaderBytes = 4096 });

    [ClassCleanup]
    public static async Task StopAsync() => await s_server.DisposeAsync();

    [TestMethod]
    [DataRow("""{"model": "demo", "prompt": x}""", "line 1, byte 29")]
    [DataRow("{\"model\": \"demo\",\n \"prompt\" 5}", "line 2, byte 11")]
    [DataRow("", "line 1, byte 1")]
    [DataRow("""{"model": "demo"} 1""", "line 1, byte 19")]
    [DataRow("""{"model": "demo", "prompt": "\ud800"}""", "byte 29")]
    [DataRow("""{"model": "demo", "prompt\udc00": "x"}""", "byte 19")]
    public async Task Malformed_body_is_refused_with_its_position(string body, string position)
    {
        using HttpResponseMessage response = await s_server.Client.PostAsync("/v1/completions", Requests.Json(body));
        StringAssert.Contains(await Requests.AssertErrorAsync(response, 400, "invalid_request_error", "invalid_json"), position, StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Body_that_is_not_UTF8_is_refused()
    {
        using var content = new ByteArrayContent([.. "{\"prompt\": \""u8, 0xFF, .. "\"}"u8]);
        content.Headers.ContentType = new("application/json");
        using HttpResponseMessage response = await s_server.Client.PostAsync("/v1/completions", content);
        StringAssert.Contains(await Requests.AssertErrorAsync(response, 400, "invalid_request_error", "invalid_json"), "UTF-8", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Deep_body_is_refused()
    {
        string deep = new string('[', 10_000) + new string(']', 10_000);
        using HttpResponseMessage response = await s_server.Client.PostAsync("/v1/completions", Requests.Json($$"""{"prompt": {{deep}}}"""));
        await Requests.AssertErrorAsync(response, 400, "invalid_request_error", "invalid_json");
    }

    [TestMethod]
    public async Task Long_body_is_refused()
    {
        using HttpResponseMessage fits = await s_server.Client.PostAsync("/tokenize", Requests.Json($$"""{"text": "{{new string('a', 60 << 10)}}"}"""));
        Assert.AreEqual(HttpStatusCode.OK, fits.StatusCode);
        using HttpResponseMessage tooLong = await s_server.Client.PostAsync("/tokenize", Requests.Json($$"""{"text": "{{new string('a', 64 << 10)}}"}"""));
        await Requests.AssertErrorAsync(tooLong, 413, "invalid_request_error", "body_too_large");
    }

    [TestMethod]
    public async Task Long_body_of_unknown_length_is_refused()
    {
        using HttpResponseMessage fits = await PostAsync(60 << 10);
        Assert.AreEqual(HttpStatusCode.OK, fits.StatusCode);
        using HttpResponseMessage tooLong = await PostAsync(64 << 10);
        await Requests.AssertErrorAsync(tooLong, 413, "invalid_request_error", "body_too_large");

        static async Task<HttpResponseMessage> PostAsync(int length)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/tokenize") { Content = Requests.Json($$"""{"text": "{{new string('a', length)}}"}""") };
            request.Headers.TransferEncodingChunked = true;
            return await s_server.Client.SendAsync(request);
        }
    }

    [TestMethod]
    public async Task Client_that_writes_a_body_far_too_long_reads_why_and_goes_on()
    {
        // More than sockets hold: the client reads no answer before it has written everything.
        const int Length = 32 << 20;
        using var client = new TcpClient();
        await client.ConnectAsync(s_server.Address.Host, s_server.Address.Port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Length}\r\n\r\n"));
        await stream.WriteAsync(new byte[Length]);
        await stream.WriteAsync("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(stream, Encoding.UTF8);
        string answers = await reader.ReadToEndAsync();
        StringAssert.StartsWith(answers, "HTTP/1.1 413 ", StringComparison.Ordinal);
        StringAssert.Contains(answers, "body_too_large", StringComparison.Ordinal);
        StringAssert.Contains(answers, "HTTP/1.1 200 OK", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Long_headers_are_refused()
    {
        using HttpResponseMessage fits = await GetAsync(3000);
        Assert.AreEqual(HttpStatusCode.OK, fits.StatusCode);
        using HttpResponseMessage tooLong = await GetAsync(4096);
        StringAssert.Contains(await Requests.AssertErrorAsync(tooLong, 431, "invalid_request_error", "headers_too_large"), "4096", StringComparison.Ordinal);

        // Kestrel's own limit, before there is anybody to word an error.
        using HttpResponseMessage farTooLong = await GetAsync(4 * 4096);
        Assert.AreEqual(431, (int)farTooLong.StatusCode);

        static async Task<HttpResponseMessage> GetAsync(int length)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
            request.Headers.Add("x-filler", new string('a', length));
            return await s_server.Client.SendAsync(request);
        }
    }

    [TestMethod]
    public async Task Other_content_types_are_refused()
    {
        using var content = new StringContent("model=demo", Encoding.UTF8, "application/x-www-form-urlencoded");
        using HttpResponseMessage response = await s_server.Client.PostAsync("/v1/completions", content);
        StringAssert.Contains(
            await Requests.AssertErrorAsync(response, 415, "invalid_request_error", "unsupported_media_type"), "application/json", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Long_prompt_is_refused_with_both_numbers()
    {
        int most = s_server.Engine.Model.MaxContext;
        using HttpResponseMessage fits = await PostAsync(most - 1);
        Assert.AreEqual(HttpStatusCode.OK, fits.StatusCode, await fits.Content.ReadAsStringAsync());
        using HttpResponseMessage tooLong = await PostAsync(most);
        string message = await Requests.AssertErrorAsync(tooLong, 400, "invalid_request_error", "context_length_exceeded");
        StringAssert.Contains(message, $"is {most} tokens", StringComparison.Ordinal);
        StringAssert.Contains(message, $"has {most} tokens", StringComparison.Ordinal);

        static Task<HttpResponseMessage> PostAsync(int tokens) => s_server.Client.PostAsync(
            "/v1/completions", Requests.Json($$"""{"model": "demo", "prompt": [{{string.Join(',', Enumerable.Repeat(72, tokens))}}], "max_tokens": 1}"""));
    }

    [TestMethod]
    public async Task Unknown_path_and_method_are_refused()
    {
        using HttpResponseMessage path = await s_server.Client.GetAsync("/v2/answers%0A");
        StringAssert.Contains(await Requests.AssertErrorAsync(path, 404, "invalid_request_error", "unknown_url"), "/v2/answers?", StringComparison.Ordinal);
        using HttpResponseMessage method = await s_server.Client.GetAsync("/v1/completions");
        StringAssert.Contains(await Requests.AssertErrorAsync(method, 405, "invalid_request_error", "method_not_allowed"), "POST", StringComparison.Ordinal);
        CollectionAssert.AreEqual(new[] { "POST" }, method.Content.Headers.Allow.ToArray());
    }

    [TestMethod]
    public async Task Garbage_instead_of_HTTP_harms_nobody()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, s_server.Address.Port);
        await client.GetStream().WriteAsync("\0\u0001 garbage\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(client.GetStream());
        StringAssert.StartsWith(await reader.ReadToEndAsync(), "HTTP/1.1 400", StringComparison.Ordinal);
        Assert.AreEqual(HttpStatusCode.OK, (await s_server.Client.GetAsync("/health")).StatusCode);
    }
}
