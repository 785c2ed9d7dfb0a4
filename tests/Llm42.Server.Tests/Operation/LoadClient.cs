using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Llm42.Server.Tests.Operation;

/// <summary>A client that does one thing after another, drawn by chance, and says what should not have been.</summary>
internal sealed class LoadClient(HttpClient http, LoadReference[] references, LoadTally tally, Random random)
{
    private const string Endless = """{"model": "demo", "prompt": "And", "max_tokens": 900, "ignore_eos": true, "stream": true}""";

    /// <summary>What it may do.</summary>
    public static readonly string[] Kinds =
    [
        "whole answer", "stream", "slow stream", "leaves a stream", "leaves before the answer", "malformed body", "long body", "long headers",
        "unknown path", "garbage", "half a body",
    ];

    /// <summary>Goes on until it is told to end; what it is in the middle of then, it finishes.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            // Half of the requests are good ones.
            string kind = Kinds[random.Next(2) == 0 ? random.Next(3) : random.Next(3, Kinds.Length)];
            try
            {
                await DoAsync(kind);
                tally.Add(kind);
            }
#pragma warning disable CA1031 // Whatever it is, the test fails of it and names it.
            catch (Exception error)
#pragma warning restore CA1031
            {
                tally.Failures.Enqueue($"{kind}: {error.GetType().Name} {error.Message}");
            }
        }
    }

    private Task DoAsync(string kind) => kind switch
    {
        "whole answer" => AnswerAsync(references[random.Next(references.Length)]),
        "stream" => StreamAsync(references[random.Next(references.Length)], isSlow: false),
        "slow stream" => StreamAsync(references[random.Next(references.Length)], isSlow: true),
        "leaves a stream" => LeaveStreamAsync(),
        "leaves before the answer" => LeaveAsync(),
        "malformed body" => RefusedAsync(400, () => new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Requests.Json("""{"model": "demo", """) }),
        "long body" => RefusedAsync(413, () => new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Requests.Json(new string(' ', 65 << 10)) }),
        "long headers" => RefusedAsync(431, () => new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { { "x-filler", new string('a', random.Next(5000, 12000)) } } }),
        "unknown path" => RefusedAsync(404, () => new HttpRequestMessage(HttpMethod.Get, $"/{random.Next()}")),
        "garbage" => SendAsync(Enumerable.Range(0, 100).Select(_ => (byte)random.Next(256)).ToArray(), reads: true),
        "half a body" => SendAsync(
            Encoding.ASCII.GetBytes("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"), reads: false),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown"),
    };

    private async Task AnswerAsync(LoadReference reference)
    {
        using HttpResponseMessage response = await http.PostAsync("/v1/completions", Requests.Json(reference.Json(isStreamed: false)));
        string body = await response.Content.ReadAsStringAsync();
        Require(response.StatusCode == HttpStatusCode.OK, body);
        JsonNode answer = JsonNode.Parse(body)!;
        Require((int)answer["usage"]!["completion_tokens"]! == (int)reference.Body["max_tokens"]!, body);
        string choice = answer["choices"]![0]!.ToJsonString();
        if (choice == reference.Choice)
            return;
        Require(!reference.IsDeterministic, $"{choice} instead of {reference.Choice}");
        tally.Add("ordinary, differs");
    }

    private async Task StreamAsync(LoadReference reference, bool isSlow)
    {
        using HttpResponseMessage response = await OpenAsync(reference.Json(isStreamed: true), CancellationToken.None);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8, false, isSlow ? 128 : 4096);
        var text = new StringBuilder();
        string? last = null, reason = null;
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.Length == 0)
                continue;
            last = line;
            if (line == "data: [DONE]")
                continue;
            JsonNode piece = JsonNode.Parse(line["data: ".Length..])!;
            Require(piece["error"] is null, line);
            text.Append((string?)piece["choices"]![0]!["text"]);
            reason = (string?)piece["choices"]![0]!["finish_reason"];
            if (isSlow)
                await Task.Delay(random.Next(5));
        }
        Require(last == "data: [DONE]" && reason == "length", $"The stream ends with {last}, reason {reason}.");
        Require(!reference.IsDeterministic || text.ToString() == reference.Text, $"{text} instead of {reference.Text}");
    }

    private async Task LeaveStreamAsync()
    {
        using HttpResponseMessage response = await OpenAsync(Endless, CancellationToken.None);
        byte[] some = new byte[random.Next(1, 2000)];
        await (await response.Content.ReadAsStreamAsync()).ReadExactlyAsync(some);
    }

    private async Task LeaveAsync()
    {
        using var leave = new CancellationTokenSource(random.Next(1, 30));
        try
        {
            (await OpenAsync(Endless, leave.Token)).Dispose();
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task<HttpResponseMessage> OpenAsync(string body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Requests.Json(body) };
        HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        Require(response.StatusCode == HttpStatusCode.OK, $"status {response.StatusCode}");
        return response;
    }

    private async Task RefusedAsync(int status, Func<HttpRequestMessage> make)
    {
        using HttpRequestMessage request = make();
        using HttpResponseMessage response = await http.SendAsync(request);
        Requests.AssertError(
            JsonNode.Parse(await response.Content.ReadAsStringAsync())!, "invalid_request_error",
            status switch { 400 => "invalid_json", 413 => "body_too_large", 431 => "headers_too_large", _ => "unknown_url" });
        Require((int)response.StatusCode == status, $"status {response.StatusCode}");
    }

    private async Task SendAsync(byte[] bytes, bool reads)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(http.BaseAddress!.Host, http.BaseAddress.Port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(bytes);
        if (!reads)
            return;
        try
        {
            client.Client.Shutdown(SocketShutdown.Send);
            await stream.CopyToAsync(Stream.Null);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            // A reset is as good an answer.
        }
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
            throw new AssertFailedException(otherwise);
    }
}
