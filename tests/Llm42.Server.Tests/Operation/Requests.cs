using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Llm42.Server.Tests.Operation;

/// <summary>Requests for completions, and what must be true of their answers.</summary>
internal static class Requests
{
    /// <summary>An answer of megabytes: more than sockets hold, so that it does not end before it is read.</summary>
    public const string Endless = """
        {"model": "demo", "prompt": "In the beginning", "max_tokens": 500, "n": 16, "logprobs": 20, "ignore_eos": true, "stream": true}
        """;

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    public static StringContent Short(string prompt = "In the beginning", int tokens = 4) =>
        Json(new JsonObject { ["model"] = "demo", ["prompt"] = prompt, ["max_tokens"] = tokens }.ToJsonString());

    /// <summary>Starts a stream, whose client's socket holds little, and waits for its headers, which come with the first event.</summary>
    public static async Task<HttpResponseMessage> StartStreamAsync(HttpClient other, string body = Endless)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 1 << 18, NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        var client = new HttpClient(handler) { BaseAddress = other.BaseAddress };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Json(body) };
        HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        return response;
    }

    /// <summary>Asserts that a response is an error of OpenAI's shape.</summary>
    /// <returns>Its message.</returns>
    public static async Task<string> AssertErrorAsync(HttpResponseMessage response, int status, string type, string? code)
    {
        string body = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(status, (int)response.StatusCode, body);
        return AssertError(JsonNode.Parse(body)!, type, code);
    }

    public static string AssertError(JsonNode body, string type, string? code)
    {
        JsonObject error = body["error"]!.AsObject();
        CollectionAssert.AreEquivalent(new[] { "message", "type", "param", "code" }, error.Select(pair => pair.Key).ToArray());
        Assert.AreEqual(type, (string?)error["type"], body.ToJsonString());
        Assert.AreEqual(code, (string?)error["code"], body.ToJsonString());
        return (string)error["message"]!;
    }

    /// <summary>Waits until something holds, by the state of the engine for example; fails after a minute.</summary>
    public static async Task UntilAsync(Func<bool> condition, Func<string> otherwise)
    {
        for (long start = Environment.TickCount64; !condition(); await Task.Delay(1))
        {
            if (Environment.TickCount64 - start > 60_000)
                Assert.Fail(otherwise());
        }
    }

    /// <summary>Waits until the engine holds no request and no page.</summary>
    public static Task UntilIdleAsync(InferenceEngine engine) => UntilAsync(
        () => engine.Statistics.Load is { Running: 0, Waiting: 0, OwnedPages: 0 }, () => $"The engine still has {engine.Statistics.Load}.");
}
