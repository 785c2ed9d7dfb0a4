using Llm42.Server.Http;
using Llm42.Server.Native;
using Llm42.Server.OpenAi;
using Llm42.Server.Operation;
using Llm42.Server.Page;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Llm42.Server;

/// <summary>An HTTP server in front of an engine. It does not own the engine.</summary>
public sealed class LlmServer : IAsyncDisposable
{
    // What is cancelled still tells its client so.
    private static readonly TimeSpan CancelGrace = TimeSpan.FromSeconds(3);

    private readonly WebApplication _app;
    private readonly ServedModel _model;
    private readonly EngineLatencies _latencies;

    private LlmServer(WebApplication app, ServedModel model, EngineLatencies latencies)
    {
        _app = app;
        _model = model;
        _latencies = latencies;
    }

    /// <summary>Where it listens, once it has started.</summary>
    public IReadOnlyList<string> Addresses =>
        [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];

    /// <summary>Makes a server and starts to listen.</summary>
    /// <param name="engine">Answers.</param>
    /// <param name="options">Where to listen, whom to serve.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="ArgumentException">An option is out of range, or allows what it should not.</exception>
    /// <exception cref="IOException">The address is taken.</exception>
    public static Task<LlmServer> StartAsync(
        InferenceEngine engine, ServerOptions? options = null, CancellationToken cancellationToken = default) =>
        StartAsync(engine, options ?? new ServerOptions(), TimeProvider.System, cancellationToken);

    /// <summary>Starts with a clock for deadlines, rate limits and the end of a drain.</summary>
    internal static async Task<LlmServer> StartAsync(
        InferenceEngine engine, ServerOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(engine);
        options.Validate();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        ServerLog.Configure(builder.Logging, options);
        KestrelSetup.Configure(builder, options);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, PassiveLifetime>();
        var model = new ServedModel(engine, options, clock);
        var metrics = new HttpMetrics();
        builder.Services.AddSingleton(model);
        builder.Services.AddSingleton(metrics);
        CrossOrigin.AddTo(builder.Services, options);

        var app = builder.Build();
        var latencies = new EngineLatencies(engine.Name);
        try
        {
            Map(app, model, metrics, latencies);
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            return new LlmServer(app, model, latencies);
        }
        catch
        {
            latencies.Dispose();
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Serves until it is told to stop, then stops as <see cref="StopAsync"/> does.</summary>
    /// <param name="stop">Tells it.</param>
    public async Task RunAsync(CancellationToken stop)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes no more requests for answers, and waits up to <see cref="ServerOptions.DrainTimeout"/> for those that run.
    /// What still runs then is cancelled, and its clients are told. Meanwhile /ready and new requests answer 503.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        var state = _model.State;
        state.Drain(_model.Options.DrainTimeout);
        await WaitAsync(state.Idle, _model.Options.DrainTimeout, cancellationToken).ConfigureAwait(false);
        if (!state.Idle.IsCompleted)
        {
            state.Cancel();
            await WaitAsync(state.Idle, CancelGrace, cancellationToken).ConfigureAwait(false);
        }

        // Kestrel waits for the last bytes of responses.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CancelGrace);
        await _app.StopAsync(limit.Token).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _model.State.Drain(TimeSpan.Zero);
        _model.State.Cancel();
        await _app.DisposeAsync().ConfigureAwait(false);
        _latencies.Dispose();
    }

    private async Task WaitAsync(Task task, TimeSpan limit, CancellationToken cancellationToken)
    {
        // Not longer than a timer can.
        if (limit.TotalMilliseconds >= uint.MaxValue)
            limit = Timeout.InfiniteTimeSpan;
        await ((Task)Task.WhenAny(task, Task.Delay(limit, _model.Clock, cancellationToken))).ConfigureAwait(false);
    }

    private static void Map(WebApplication app, ServedModel model, HttpMetrics metrics, EngineLatencies latencies)
    {
        var state = model.State;
        var keys = new ApiKeys(model.Options.ApiKeys);
        var rateLimit = new RateLimit(model.Options.RequestsPerMinute, model.Clock);
        app.UseMiddleware<RequestId>();
        app.UseMiddleware<AccessLog>();
        CrossOrigin.Use(app, model.Options);
        app.UseMiddleware<ErrorHandling>();
        app.UseMiddleware<HeaderLimit>();
        app.MapGet("/health", () => TypedResults.Json(new HealthResponse("ok"), ServerJson.Default.HealthResponse));
        app.MapGet("/ready", () => TypedResults.Json(
            new HealthResponse(state.IsDraining ? "draining" : "ok"),
            ServerJson.Default.HealthResponse,
            statusCode: state.IsDraining ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK));
        app.MapGet("/metrics", (HttpContext context) =>
        {
            keys.Check(context);
            return TypedResults.Text(PrometheusText.Of(model, metrics, latencies), PrometheusText.ContentType);
        });

        if (model.Options.ServesPage)
            PageEndpoints.Map(app, model, state, keys);

        var api = app.MapGroup("");
        api.AddEndpointFilter(async (invocation, next) =>
        {
            rateLimit.Check(keys.Check(invocation.HttpContext), invocation.HttpContext);
            return await next(invocation).ConfigureAwait(false);
        });
        ModelsEndpoint.Map(api, model);
        Post("/v1/chat/completions", new ChatEndpoint(model).ServeAsync);
        Post("/v1/completions", new CompletionsEndpoint(model).ServeAsync);
        Post("/generate", new GenerateEndpoint(model).ServeAsync);
        var tokenize = new TokenizeEndpoints(model);
        Post("/tokenize", tokenize.TokenizeAsync);
        Post("/detokenize", tokenize.DetokenizeAsync);
        Post("/reset_llm42_stats", _ =>
        {
            model.Engine.ResetStatistics();
            return Task.CompletedTask;
        });

        void Post(string path, Func<HttpContext, Task> serve) => api.MapPost(path, async (HttpContext context) =>
        {
            if (!state.TryEnter())
                throw new ApiException(
                    StatusCodes.Status503ServiceUnavailable, "server_error", "The server is stopping and takes no more requests.", code: "stopping")
                {
                    RetryAfter = state.RetryAfter,
                };
            try
            {
                await serve(context).ConfigureAwait(false);
                model.RetryAdvice.Ended();
            }
            finally
            {
                state.Leave();
            }
        });
    }
}
