using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Llm42.Remote.Tests;

/// <summary>A server on a real socket that sends exactly the bytes of a script; one request per connection.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Exchange, Task> _script;
    private readonly Task _accepting;
    private readonly ConcurrentBag<Task> _exchanges = [];

    public FakeServer(Func<Exchange, Task> script)
    {
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>What was asked.</summary>
    public ConcurrentQueue<Exchange> Asked { get; } = new();

    /// <summary>A server with one model whose completions come from a function, a token an event.</summary>
    public static FakeServer OfModel(Func<JsonObject, IEnumerable<string>> tokens) => new(async exchange =>
    {
        if (exchange.Path == "/v1/models")
            await exchange.JsonAsync(200, """{"object": "list", "data": [{"id": "fake"}, {"id": "other"}]}""");
        else if (exchange.Path != "/v1/completions")
            await exchange.JsonAsync(404, """{"error": {"message": "no such thing"}}""");
        else
            await exchange.AnswerAsync([.. tokens(exchange.Body!)]);
    });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_exchanges);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
                _exchanges.Add(ServeAsync(socket));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                if (await Exchange.ReadAsync(socket, _stop.Token) is not { } exchange)
                    return;
                Asked.Enqueue(exchange);
                await _script(exchange);
                if (socket.Connected)
                    socket.Shutdown(SocketShutdown.Send);
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The client left.
            }
        }
    }

    /// <summary>A request, and the way back.</summary>
    internal sealed class Exchange
    {
        private readonly Socket _socket;

        private Exchange(Socket socket, string head, string body, CancellationToken stopped)
        {
            _socket = socket;
            Head = head;
            Path = head.Split(' ')[1];
            Body = body.Length > 0 ? JsonNode.Parse(body)!.AsObject() : null;
            Stopped = stopped;
        }

        public string Head { get; }

        public string Path { get; }

        public JsonObject? Body { get; }

        /// <summary>The server is disposed of.</summary>
        public CancellationToken Stopped { get; }

        public static async Task<Exchange?> ReadAsync(Socket socket, CancellationToken stopped)
        {
            var bytes = new List<byte>();
            byte[] buffer = new byte[65536];
            while (true)
            {
                int end = Encoding.Latin1.GetString([.. bytes]).IndexOf("\r\n\r\n", StringComparison.Ordinal);
                if (end >= 0)
                {
                    string head = Encoding.Latin1.GetString([.. bytes[..end]]);
                    int length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } header
                        ? int.Parse(header[15..], CultureInfo.InvariantCulture)
                        : 0;
                    if (bytes.Count >= end + 4 + length)
                        return new Exchange(socket, head, Encoding.UTF8.GetString([.. bytes[(end + 4)..(end + 4 + length)]]), stopped);
                }

                int count = await socket.ReceiveAsync(buffer, stopped);
                if (count == 0)
                    return null;
                bytes.AddRange(buffer.AsSpan(0, count));
            }
        }

        public async Task WriteAsync(string text) => await _socket.SendAsync(Encoding.UTF8.GetBytes(text), Stopped);

        public Task JsonAsync(int status, string json, string extraHead = "") => WriteAsync(
            $"HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\nConnection: close\r\n{extraHead}Content-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}");

        public Task BeginStreamAsync() => WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");

        public Task EventAsync(JsonNode data) => WriteAsync($"data: {data.ToJsonString()}\n\n");

        /// <summary>Breaks the connection, so that the client reads an error and no end.</summary>
        public void Reset() => _socket.Close(0);

        /// <summary>A whole answer.</summary>
        public async Task AnswerAsync(string[] tokens)
        {
            await BeginStreamAsync();
            foreach (string token in tokens)
                await EventAsync(Piece(token, Body!["logprobs"] is not null));
            await EventAsync(new JsonObject
            {
                ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["text"] = "", ["finish_reason"] = "length" }),
            });
            await EventAsync(new JsonObject
            {
                ["choices"] = new JsonArray(),
                ["usage"] = new JsonObject { ["prompt_tokens"] = 3, ["completion_tokens"] = tokens.Length },
            });
            await WriteAsync("data: [DONE]\n\n");
        }

        public static JsonObject Piece(string token, bool hasLogprobs)
        {
            var choice = new JsonObject { ["index"] = 0, ["text"] = token, ["finish_reason"] = null };
            if (hasLogprobs)
                choice["logprobs"] = new JsonObject { ["tokens"] = new JsonArray(token), ["token_logprobs"] = new JsonArray(-0.5) };
            return new JsonObject { ["choices"] = new JsonArray(choice) };
        }
    }
}
