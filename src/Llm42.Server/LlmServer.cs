using System.Net;
using Llm42.Server.Http;
using Llm42.Server.Native;
using Llm42.Server.OpenAi;
using Llm42.Server.Operation;
using Llm42.Server.Page;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Llm42.Server;

/// <summary>An HTTP server in front of an engine. It does not own the engine.</summary>
public sealed class LlmServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly RateLimit _rateLimit;

    private LlmServer(WebApplication app, RateLimit rateLimit)
    {
        _app = app;
        _rateLimit = rateLimit;
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
    public static async Task<LlmServer> StartAsync(
        InferenceEngine engine, ServerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(engine);
        options ??= new ServerOptions();
        var address = ListenAddress.Resolve(options);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTimeout);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Listen(address, options.Port);
        });

        var app = builder.Build();
        var rateLimit = new RateLimit(options.RequestsPerMinute);
        try
        {
            var state = new ServerState();
            app.Lifetime.ApplicationStopping.Register(state.Drain);
            Map(app, new ServedModel(engine, options, TimeProvider.System), state, new ApiKeys(options.ApiKeys), rateLimit);
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            return new LlmServer(app, rateLimit);
        }
        catch
        {
            rateLimit.Dispose();
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until the process is told to end, then lets the requests that run finish.</summary>
    public Task WaitAsync(CancellationToken cancellationToken = default) => _app.WaitForShutdownAsync(cancellationToken);

    /// <summary>Takes no more requests, and waits for those that run up to <see cref="ServerOptions.DrainTimeout"/>.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => _app.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync().ConfigureAwait(false);
        _rateLimit.Dispose();
    }

    private static void Map(WebApplication app, ServedModel model, ServerState state, ApiKeys keys, RateLimit rateLimit)
    {
        app.UseMiddleware<ErrorHandling>();
        app.MapGet("/health", () => TypedResults.Json(new HealthResponse("ok"), ServerJson.Default.HealthResponse));
        app.MapGet("/ready", () => TypedResults.Json(
            new HealthResponse(state.IsDraining ? "draining" : "ok"),
            ServerJson.Default.HealthResponse,
            statusCode: state.IsDraining ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK));
        app.MapGet("/metrics", (HttpContext context) =>
        {
            keys.Check(context);
            return TypedResults.Text(PrometheusText.Of(model, state), PrometheusText.ContentType);
        });

        if (model.Options.ServesPage)
            PageEndpoints.Map(app, model, state, keys);

        var api = app.MapGroup("");
        api.AddEndpointFilter(async (invocation, next) =>
        {
            rateLimit.Check(keys.Check(invocation.HttpContext));
            return await next(invocation).ConfigureAwait(false);
        });
        ModelsEndpoint.Map(api, model);
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
            state.Enter();
            try
            {
                await serve(context).ConfigureAwait(false);
            }
            finally
            {
                state.Leave();
            }
        });
    }
}
