using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Llm42.Cli.Remote;

/// <summary>A server with OpenAI's API, over HTTP.</summary>
internal sealed class RemoteServer : IRemoteServer, IDisposable
{
    private const int MaxBodyBytes = 1 << 26;

    private readonly HttpClient _http;
    private readonly RemoteOptions _options;
    private readonly TimeProvider _clock;

    private RemoteServer(RemoteOptions options, TimeProvider clock)
    {
        _options = options;
        _clock = clock;
        _http = new HttpClient(new SocketsHttpHandler
        {
            // A key must not follow a redirect to another host, and a proxy has no business between processes of one machine.
            AllowAutoRedirect = false,
            UseProxy = !options.Address.Api.IsLoopback,
            UseCookies = false,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxBodyBytes,
        };
        if (options.ApiKey is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiKey);
    }

    public ServerAddress Address => _options.Address;

    public RemoteOptions Options => _options;

    /// <summary>The model that is asked.</summary>
    public string Model { get; private set; } = "";

    /// <summary>Finds out what model to ask.</summary>
    /// <exception cref="RemoteException">The server cannot be reached, or lists no model and the options name none.</exception>
    public static async Task<RemoteServer> OpenAsync(RemoteOptions options, TimeProvider clock, CancellationToken cancellation)
    {
        var server = new RemoteServer(options, clock);
        try
        {
            server.Model = options.Model ?? await server.FirstModelAsync(cancellation).ConfigureAwait(false);
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public void Dispose() => _http.Dispose();

    /// <inheritdoc/>
    public Task<RemoteAnswer> AnswerAsync(RemoteRequest request, Action<int>? onTokens, CancellationToken cancellation)
    {
        string path = _options.Endpoint == RemoteEndpoint.Chat ? "chat/completions" : "completions";
        string body = request.Body(Model, _options.Endpoint, _options.ExtraBody).ToJsonString();
        return GuardAsync(
            async limit =>
            {
                using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(_options.Address.Api, path)) { Content = Json(body) };
                message.Headers.Accept.ParseAdd("text/event-stream");
                long sentAt = _clock.GetTimestamp();
                using HttpResponseMessage response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit).ConfigureAwait(false);
                await RequireSuccessAsync(response, limit).ConfigureAwait(false);
                var reader = new AnswerReader();
                if (response.Content.Headers.ContentType?.MediaType == "application/json")
                    reader.ReadWhole(await response.Content.ReadAsStringAsync(limit).ConfigureAwait(false), _clock.GetTimestamp());
                else
                    await ReadEventsAsync(response, reader, onTokens, limit).ConfigureAwait(false);
                return reader.Finish(sentAt, _clock.GetTimestamp());
            },
            cancellation);
    }

    /// <summary>Token ids of a text; null where the server does not tell.</summary>
    public async Task<IReadOnlyList<int>?> TokenizeAsync(string text, CancellationToken cancellation)
    {
        // "prompt" is ours, vLLM's and SGLang's word, "content" is llama.cpp's.
        foreach (string name in (string[])["prompt", "content"])
        {
            string body = new JsonObject { ["model"] = Model, [name] = text }.ToJsonString();
            string? answer = await TryAsync(
                () => new HttpRequestMessage(HttpMethod.Post, new Uri(_options.Address.Root, "tokenize")) { Content = Json(body) },
                cancellation).ConfigureAwait(false);
            if (answer is not null && TokensIn(answer) is { Count: > 0 } tokens)
                return tokens;
        }

        return null;
    }

    /// <summary>The text of /metrics; null where there is none.</summary>
    public Task<string?> MetricsAsync(CancellationToken cancellation) => TryAsync(
        () => new HttpRequestMessage(HttpMethod.Get, new Uri(_options.Address.Root, "metrics")), cancellation);

    private async Task<string> FirstModelAsync(CancellationToken cancellation)
    {
        string body = await TextAsync(
            () => new HttpRequestMessage(HttpMethod.Get, new Uri(_options.Address.Api, "models")), cancellation).ConfigureAwait(false);
        try
        {
            if (JsonNode.Parse(body)?["data"] is JsonArray { Count: > 0 } models && models[0]?["id"]?.GetValue<string>() is { } id)
                return id;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Said below.
        }

        throw new RemoteException(RemoteError.Malformed($"{_options.Address.Api}models lists no model; name one with --model"));
    }

    private async Task ReadEventsAsync(HttpResponseMessage response, AnswerReader reader, Action<int>? onTokens, CancellationToken limit)
    {
        var parser = new SseParser();
        var events = new List<SseEvent>();
        byte[] buffer = new byte[16384];
        await using Stream stream = await response.Content.ReadAsStreamAsync(limit).ConfigureAwait(false);
        while (!reader.IsDone)
        {
            int count = await stream.ReadAsync(buffer, limit).ConfigureAwait(false);
            if (count == 0)
                return;
            long time = _clock.GetTimestamp();
            events.Clear();
            parser.Feed(buffer.AsSpan(0, count), events);
            foreach (SseEvent item in events)
            {
                int tokens = reader.Read(item, time);
                if (tokens > 0)
                    onTokens?.Invoke(tokens);
            }
        }
    }

    private Task<string> TextAsync(Func<HttpRequestMessage> request, CancellationToken cancellation) => GuardAsync(
        async limit =>
        {
            using HttpRequestMessage message = request();
            using HttpResponseMessage response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit).ConfigureAwait(false);
            await RequireSuccessAsync(response, limit).ConfigureAwait(false);
            return await response.Content.ReadAsStringAsync(limit).ConfigureAwait(false);
        },
        cancellation);

    private async Task<string?> TryAsync(Func<HttpRequestMessage> request, CancellationToken cancellation)
    {
        try
        {
            return await TextAsync(request, cancellation).ConfigureAwait(false);
        }
        catch (RemoteException)
        {
            return null;
        }
    }

    /// <summary>Holds the time limit, and turns whatever goes wrong into a <see cref="RemoteException"/>.</summary>
    private async Task<T> GuardAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(_options.Timeout, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            return await work(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (timeout.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new RemoteException(RemoteError.Timeout(_options.Timeout), error);
        }
        catch (HttpRequestException error)
        {
            throw new RemoteException(RemoteError.Of(error), error);
        }
        catch (IOException error)
        {
            throw new RemoteException(RemoteError.OfConnection(error), error);
        }
        catch (InvalidOperationException error)
        {
            // A character set that does not exist, for one.
            throw new RemoteException(RemoteError.Malformed(error.Message), error);
        }
    }

    private static async Task RequireSuccessAsync(HttpResponseMessage response, CancellationToken limit)
    {
        if (response.StatusCode == HttpStatusCode.OK)
            return;
        await using Stream stream = await response.Content.ReadAsStreamAsync(limit).ConfigureAwait(false);
        byte[] start = new byte[4096];
        int count = await stream.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, limit).ConfigureAwait(false);
        throw new RemoteException(RemoteError.OfStatus(response.StatusCode, Encoding.UTF8.GetString(start, 0, count)));
    }

    private static List<int>? TokensIn(string answer)
    {
        try
        {
            return JsonNode.Parse(answer)?["tokens"] is JsonArray tokens ? [.. tokens.Select(token => token!.GetValue<int>())] : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}
