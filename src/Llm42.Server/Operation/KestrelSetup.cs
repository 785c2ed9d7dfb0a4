using Llm42.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;

namespace Llm42.Server.Operation;

/// <summary>Sets up where Kestrel listens and what it bears with.</summary>
internal static class KestrelSetup
{
    private const string Section = "Kestrel";
    private const string EnvironmentPrefix = "ASPNETCORE_";

    /// <exception cref="ArgumentException">It would listen where it should not.</exception>
    public static void Configure(WebApplicationBuilder builder, ServerOptions options)
    {
        if (options.Configuration is { } configuration)
            builder.Configuration.AddConfiguration(configuration);
        builder.Configuration.AddEnvironmentVariables(EnvironmentPrefix);

        // Addresses are given by the options or the section, where they are checked.
        builder.Configuration[WebHostDefaults.ServerUrlsKey] = null;
        var section = builder.Configuration.GetSection(Section);
        var hasEndpoints = ListenAddress.CheckEndpoints(section, options);
        var hasCertificate = section.GetSection("Certificates:Default").Exists();
        var address = hasEndpoints ? null : ListenAddress.Resolve(options);
        builder.WebHost.UseKestrelCore();

        // A token's event is sent by the thread that wrote it: passing it on to another costs more than the sending.
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            SetLimits(kestrel.Limits, options);
            kestrel.Configure(section);
            if (address is not null)
                kestrel.Listen(address, options.Port, listen =>
                {
                    if (hasCertificate)
                        listen.UseHttps();
                });
        });
    }

    private static void SetLimits(KestrelServerLimits limits, ServerOptions options)
    {
        var rate = options.MinDataRate > 0 ? new MinDataRate(options.MinDataRate, options.DataRateGrace) : null;
        limits.MinRequestBodyDataRate = rate;
        limits.MinResponseDataRate = rate;
        limits.RequestHeadersTimeout = options.HeaderTimeout;

        // RequestBody refuses what is too long. At a limit of its own Kestrel would close the connection without reading the
        // rest, and a client that still writes would see a reset instead of the answer; so it reads on for a few seconds.
        limits.MaxRequestBodySize = null;
        limits.MaxConcurrentConnections = options.MaxConnections;

        // Above our own limit, so that most requests beyond that still get an answer that says why.
        limits.MaxRequestHeadersTotalSize = options.MaxHeaderBytes * HeaderLimit.HardFactor;

        // What a client has not read yet: the response waits, the engine's queue of the request is bounded.
        limits.MaxResponseBufferSize = 64 << 10;
    }
}
